// The plugin `count`: instructions, by half of the address space and by address space.
#include <inttypes.h>

#include "progress.h"
#include "spaces.h"

const char plugin_name[] = "count";
const char plugin_arguments[] = "";
const bool wants_physical_addresses = false;

enum { MOST_SPACES = 4096 }; // a power of two

struct counted_space {
  uint64_t space; // NO_SPACE if free
  uint64_t user;
  uint64_t kernel;
};

static struct counted_space spaces[MOST_SPACES];
static struct counted_space elsewhere = {.space = (uint64_t)NO_SPACE}; // what finds no place, and what is not known
static struct counted_space *here = &elsewhere;
static uint64_t user, kernel, switches, blocks;

enum argument take_argument(const char *name, const char *value) {
  (void)name;
  (void)value;
  return ARGUMENT_UNKNOWN;
}

bool prepare(const char *path) {
  (void)path;
  for (unsigned i = 0; i < MOST_SPACES; i++) {
    spaces[i].space = (uint64_t)NO_SPACE;
  }
  return true;
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) { watch_spaces(block, tb, bytes); }

static struct counted_space *find(uint64_t wanted) {
  enum { TRIES = 64 };
  uint64_t at = wanted * UINT64_C(0x9e3779b97f4a7c15) >> 40;
  for (unsigned i = 0; i < TRIES && wanted != (uint64_t)NO_SPACE; i++, at++) {
    struct counted_space *found = &spaces[at % MOST_SPACES];
    if (found->space == wanted || found->space == (uint64_t)NO_SPACE) {
      found->space = wanted;
      return found;
    }
  }
  return &elsewhere;
}

void take_back(struct block *block, bool counted) {
  *(block->kernel ? &kernel : &user) -= counted;
  *(block->kernel ? &here->kernel : &here->user) -= counted;
}

void block_begins(struct block *block) {
  (void)block;
  enter_space();
}

void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  (void)next;
  unsigned counted = completed - not_counted;
  if (here->space != space) {
    here = find(space);
  }
  if (block->kernel) {
    kernel += counted;
    here->kernel += counted;
  } else {
    user += counted;
    here->user += counted;
  }
  blocks += counted > 0;
  switches += counted > 0 && space_changes();
}

static void report_spaces(const char *name, size_t offset) {
  begin_json_object(name);
  for (unsigned i = 0; i < MOST_SPACES; i++) {
    uint64_t counted = *(const uint64_t *)((const char *)&spaces[i] + offset);
    if (counted != 0) {
      char text[24];
      snprintf(text, sizeof text, "0x%" PRIx64, spaces[i].space);
      json_number(text, counted);
    }
  }
  end_json_object();
}

void report(void) {
  json_number("userInstructions", user);
  json_number("kernelInstructions", kernel);
  json_number("blocks", blocks);
  if (tells_spaces()) {
    json_number("addressSpaceSwitches", switches);
    report_spaces("userInstructionsOfSpace", offsetof(struct counted_space, user));
    report_spaces("kernelInstructionsOfSpace", offsetof(struct counted_space, kernel));
    json_number("instructionsOfOtherSpaces", elsewhere.user + elsewhere.kernel);
  }
}

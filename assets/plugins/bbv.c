// The plugin `bbv`: basic-block vectors, which say how often which code was executed in each slice of the run.
//
// The vectors are in the format of SimPoint (Sherwood, Perelman, Hamerly, Calder, Automatically Characterizing Large Scale
// Program Behavior, 2002): a line `T:ID:COUNT :ID:COUNT …` for each slice, where COUNT is how many instructions were executed in
// block ID. Numbers are given anew in each run, so a second file says which block each is, and what the whole run executed of it:
// whoever puts vectors of several intervals together numbers the blocks by that.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "spaces.h"

const char plugin_name[] = "bbv";
const char plugin_arguments[] = ", vectors, blocks, every, key";
const bool wants_physical_addresses = true;

enum key { PHYSICAL, SPACE, VIRTUAL };
static const char *const key_names[] = {"physical", "space", "virtual"};

// A block as the vectors know it: where, and in which address space or in which page of physical memory.
struct entry {
  struct entry *chain;
  uint64_t address;
  uint64_t key;
  uint64_t number;
  uint64_t in_slice, in_all; // instructions executed
};

// What a block remembers: the entry that it has in one space.
struct place {
  uint64_t space;
  struct entry *entry;
};

enum { BUCKETS = 1 << 16, PAGE = 4096 };

static struct entry *buckets[BUCKETS];
static struct entry **entries; // by number, from 1
static uint64_t entry_count, entry_room = 1;
static enum key key;
static uint64_t every, in_slice, slices;
static const char *vectors_name, *blocks_name;
static struct output_file vectors, blocks;
static const struct entry **touched; // in the slice
static uint64_t touched_count;

enum argument take_argument(const char *name, const char *value) {
  if (strcmp(name, "every") == 0) {
    return whole_number(name, value, 0, INT64_MAX, &every) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
  }
  if (strcmp(name, "vectors") == 0) {
    vectors_name = value;
    return ARGUMENT_TAKEN;
  }
  if (strcmp(name, "blocks") == 0) {
    blocks_name = value;
    return ARGUMENT_TAKEN;
  }
  if (strcmp(name, "key") != 0) {
    return ARGUMENT_UNKNOWN;
  }
  for (unsigned i = 0; i < sizeof key_names / sizeof key_names[0]; i++) {
    if (strcmp(value, key_names[i]) == 0) {
      key = (enum key)i;
      return ARGUMENT_TAKEN;
    }
  }
  complain("there is no key '%s'; there are physical, space and virtual", value);
  return ARGUMENT_WRONG;
}

static const char *with_ending(const char *name, const char *ending) {
  char *whole = malloc(strlen(name) + strlen(ending) + 1);
  return whole != NULL ? strcat(strcpy(whole, name), ending) : NULL;
}

bool prepare(const char *out) {
  if (key == SPACE && !tells_spaces()) {
    return complain("key=space needs QEMU 9.0 or newer and an x86-64 guest; leave it out");
  }
  vectors_name = vectors_name != NULL ? vectors_name : with_ending(out, ".bb");
  blocks_name = blocks_name != NULL ? blocks_name : with_ending(out, ".blocks");
  return vectors_name != NULL && blocks_name != NULL && begin_file(&vectors, vectors_name) && begin_file(&blocks, blocks_name);
}

static void no_memory(void) {
  complain("there is no memory for another block of code");
  abort();
}

static void number_entry(struct entry *entry) {
  entry->number = ++entry_count;
  if (entry_count >= entry_room) {
    entry_room *= 2;
    entries = realloc(entries, entry_room * sizeof(void *));
    touched = realloc(touched, entry_room * sizeof(void *));
    if (entries == NULL || touched == NULL) {
      no_memory();
    }
  }
  entries[entry_count] = entry;
}

static struct entry *find_or_make(uint64_t address, uint64_t with) {
  uint64_t hash = (address ^ with * UINT64_C(0xff51afd7ed558ccd)) * UINT64_C(0x9e3779b97f4a7c15) >> 48;
  for (struct entry *entry = buckets[hash % BUCKETS]; entry != NULL; entry = entry->chain) {
    if (entry->address == address && entry->key == with) {
      return entry;
    }
  }
  struct entry *entry = calloc(1, sizeof *entry);
  if (entry == NULL) {
    no_memory();
  }
  *entry = (struct entry){.chain = buckets[hash % BUCKETS], .address = address, .key = with};
  buckets[hash % BUCKETS] = entry;
  return entry;
}

// The kernel is the same in all spaces.
static uint64_t key_of(const struct block *block) {
  switch (key) {
    case PHYSICAL: return block->physical == (uint64_t)NO_ADDRESS ? 0 : block->physical / PAGE * PAGE;
    case SPACE: return block->kernel || space == (uint64_t)NO_SPACE ? 0 : space;
    default: return 0;
  }
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  if (block->own == NULL) {
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL) {
      no_memory();
    }
    block->own = place;
  }
  if (key == SPACE) {
    watch_spaces(block, tb, bytes);
  }
}

void take_back(struct block *block, bool counted) {
  const struct place *place = block->own;
  if (counted && place->entry != NULL) {
    place->entry->in_all--;
    place->entry->in_slice -= place->entry->in_slice > 0;
  }
}

void block_begins(struct block *block) {
  (void)block;
  enter_space();
}

static void end_slice(void) {
  if (in_slice == 0) {
    return;
  }
  fputc('T', vectors.file);
  for (uint64_t i = 0; i < touched_count; i++) {
    struct entry *entry = entries[touched[i]->number];
    fprintf(vectors.file, ":%" PRIu64 ":%" PRIu64 " ", entry->number, entry->in_slice);
    entry->in_slice = 0;
  }
  fputc('\n', vectors.file);
  touched_count = 0;
  in_slice = 0;
  slices++;
}

void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  (void)next;
  unsigned counted = completed - not_counted;
  if (counted == 0) {
    return;
  }
  struct place *place = block->own;
  if (place->entry == NULL || (key == SPACE && place->space != space)) {
    place->entry = find_or_make(block->address, key_of(block));
    place->space = space;
  }
  struct entry *entry = place->entry;
  if (entry->number == 0) {
    number_entry(entry);
  }
  if (entry->in_slice == 0) {
    touched[touched_count++] = entry;
  }
  entry->in_slice += counted;
  entry->in_all += counted;
  in_slice += counted;
  if (every != 0 && in_slice >= every) {
    end_slice();
  }
}

void report(void) {
  end_slice();
  for (uint64_t i = 1; i <= entry_count; i++) {
    const struct entry *entry = entries[i];
    fprintf(blocks.file, "%" PRIu64 " 0x%" PRIx64 " 0x%" PRIx64 " %" PRIu64 "\n", i, entry->key, entry->address, entry->in_all);
  }
  finish_file(&blocks);
  finish_file(&vectors);
  json_number("slices", slices);
  json_text("key", key_names[key]);
}

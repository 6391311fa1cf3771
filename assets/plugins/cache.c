// The plugin `cache`: caches for instructions and data, and up to two levels below them, by physical address.
//
// Instructions are looked up by where they are in physical memory, as data is: so code that two processes share is one, what a
// process has at the address of another's is not, and the second level knows that data that was written and is then executed
// is the same. That address is found when QEMU translates a block, and holds for as long as the block does.
#include <inttypes.h>
#include <stdio.h>

#include "levels.h"
#include "progress.h"

const char plugin_name[] = "cache";
const char plugin_arguments[] = ", line, policy, l1i, l1d, l2, l3";
const bool wants_physical_addresses = true;

// A line that a block's instruction is the first to lie in, or the two that it lies in.
struct fetch {
  uint64_t line;
  uint16_t instruction;
  bool into_next;
};

static struct level l1i = {.size = 32 << 10, .ways = 8}, l1d = {.size = 32 << 10, .ways = 8}, l2 = {.size = 1 << 20, .ways = 16},
                    l3 = {.size = 8 << 20, .ways = 16};
static struct {
  const char *name;
  struct level *level;
  bool has_policy;
} levels[] = {{"l1i", &l1i, false}, {"l1d", &l1d, false}, {"l2", &l2, false}, {"l3", &l3, false}};
enum { LEVELS = sizeof levels / sizeof levels[0], MOST_WAYS = 64, PAGE = 4096 };

static uint64_t line_size = 64;
static unsigned line_shift;
static enum policy common_policy;
static uint64_t loads, stores, device_accesses, splits;

static bool policy_of(const char *name, const char *value, enum policy *policy) {
  static const char *const names[] = {"lru", "fifo", "random"};
  for (unsigned i = 0; i < 3; i++) {
    if (strcmp(value, names[i]) == 0) {
      *policy = (enum policy)i;
      return true;
    }
  }
  return complain("%s: there is no policy '%s'; there are lru, fifo and random", name, value);
}

// SIZE:WAYS[:POLICY], or off
static bool level_of(const char *name, const char *value, struct level *level, bool *has_policy) {
  char text[64];
  if (strcmp(value, "off") == 0) {
    level->size = 0;
    return level != &l1i && level != &l1d ? true : complain("%s cannot be off; make it small", name);
  }
  snprintf(text, sizeof text, "%s", value);
  char *ways = strchr(text, ':');
  if (ways == NULL) {
    return complain("%s=%s is not SIZE:WAYS or SIZE:WAYS:POLICY, such as 32k:8", name, value);
  }
  *ways++ = '\0';
  char *policy = strchr(ways, ':');
  if (policy != NULL) {
    *policy++ = '\0';
    *has_policy = true;
    if (!policy_of(name, policy, &level->policy)) {
      return false;
    }
  }
  return size_number(name, text, 1, UINT64_C(1) << 32, &level->size) && whole_number(name, ways, 1, MOST_WAYS, &level->ways);
}

enum argument take_argument(const char *name, const char *value) {
  if (strcmp(name, "line") == 0) {
    if (!whole_number(name, value, 16, 1024, &line_size)) {
      return ARGUMENT_WRONG;
    }
    return (line_size & (line_size - 1)) == 0 || complain("line=%s is no power of two", value) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
  }
  if (strcmp(name, "policy") == 0) {
    return policy_of(name, value, &common_policy) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
  }
  for (unsigned i = 0; i < LEVELS; i++) {
    if (strcmp(name, levels[i].name) == 0) {
      return level_of(name, value, levels[i].level, &levels[i].has_policy) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
    }
  }
  return ARGUMENT_UNKNOWN;
}

bool prepare(const char *path) {
  (void)path;
  for (line_shift = 0; UINT64_C(1) << line_shift < line_size; line_shift++) {
  }
  for (unsigned i = 0; i < LEVELS; i++) {
    struct level *level = levels[i].level;
    if (level->size == 0) {
      continue;
    }
    if (!levels[i].has_policy) {
      level->policy = common_policy;
    }
    const char *fault = fault_of(level, line_size);
    if (fault != NULL) {
      return complain("%s cannot be: %s", levels[i].name, fault);
    }
    if (!build(level, line_size)) {
      return complain("there is no memory for %s", levels[i].name);
    }
  }
  struct level *last = l3.size != 0 ? &l3 : NULL;
  l2.below = last;
  l1i.below = l1d.below = l2.size != 0 ? &l2 : last;
  return true;
}

static void on_fetch(unsigned vcpu, void *data) {
  (void)vcpu;
  const struct fetch *fetch = data;
  bool counts = instruction_counts(fetch->instruction);
  reach(&l1i, fetch->line, false, counts);
  if (fetch->into_next) {
    reach(&l1i, fetch->line + 1, false, counts);
  }
}

static void on_access(unsigned vcpu, access_t access, uint64_t address, void *data) {
  (void)vcpu;
  (void)data;
  struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(access, address);
  bool counts = access_counts();
  if (place == NULL || qemu_plugin_hwaddr_is_io(place)) {
    device_accesses += counts;
    return;
  }
  bool store = qemu_plugin_mem_is_store(access);
  uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
  uint64_t last = physical + (UINT64_C(1) << qemu_plugin_mem_size_shift(access)) - 1;
  loads += counts && !store;
  stores += counts && store;
  reach(&l1d, physical >> line_shift, store, counts);
  // What crosses a page goes on at another place, which QEMU does not tell; it is left out.
  if (physical >> line_shift != last >> line_shift && (physical ^ last) < PAGE) {
    splits += counts;
    reach(&l1d, last >> line_shift, store, counts);
  }
}

// Further instructions in a line that was fetched last find it there, whatever the policy is, and change nothing.
static struct fetch *fetches_of(const struct block *block, const struct qemu_plugin_tb *tb) {
  struct fetch *fetches = malloc((block->instructions + 1u) * sizeof *fetches);
  if (fetches == NULL) {
    complain("there is no memory for another block of code");
    abort();
  }
  unsigned count = 0;
  uint64_t line_before = UINT64_MAX;
  for (unsigned i = 0; i < block->instructions; i++) {
    uint64_t first = i == 0 ? block->physical : block->physical + block->instruction[i].offset;
    if (i > 0 && (address_in(block, i) ^ block->address) >= PAGE) {
      first = physical_address(qemu_plugin_tb_get_insn(tb, i));
    }
    if (first == (uint64_t)NO_ADDRESS) {
      continue;
    }
    uint64_t last = first + block->instruction[i].size - 1u;
    bool crosses = first >> line_shift != last >> line_shift && (first ^ last) < PAGE;
    if (first >> line_shift != line_before) {
      fetches[count++] = (struct fetch){first >> line_shift, (uint16_t)i, crosses};
    } else if (crosses) {
      fetches[count++] = (struct fetch){last >> line_shift, (uint16_t)i, false};
    }
    line_before = (crosses ? last : first) >> line_shift;
  }
  fetches[count].instruction = UINT16_MAX; // no more
  return fetches;
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  (void)bytes;
  if (block->own == NULL) {
    block->own = fetches_of(block, tb);
  }
  for (struct fetch *fetch = block->own; fetch->instruction != UINT16_MAX; fetch++) {
    qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, fetch->instruction), on_fetch, NO_REGISTERS, fetch);
  }
  for (unsigned i = 0; i < block->instructions; i++) {
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access, NO_REGISTERS, LOADS_AND_STORES, NULL);
  }
}

void take_back(struct block *block, bool counted) {
  (void)block;
  (void)counted;
}

void block_begins(struct block *block) { (void)block; }

void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  (void)block;
  (void)completed;
  (void)not_counted;
  (void)next;
}

void report(void) {
  json_number("loads", loads);
  json_number("stores", stores);
  json_number("deviceAccesses", device_accesses);
  json_number("splitAccesses", splits);
  for (unsigned i = 0; i < LEVELS; i++) {
    const struct level *level = levels[i].level;
    char name[32];
    snprintf(name, sizeof name, "%sAccesses", levels[i].name);
    json_number(name, level->accesses);
    snprintf(name, sizeof name, "%sMisses", levels[i].name);
    json_number(name, level->misses);
    if (level != &l1i) {
      snprintf(name, sizeof name, "%sWritebacks", levels[i].name);
      json_number(name, level->writebacks);
    }
  }
}

// How it is found out what was completed. QEMU's instruction counter goes by blocks: it is lowered by all of a block when that
// is entered, and what was not completed is given back when the block is left by a fault. We see
//
// - a block being entered: a call, which also settles what became of the block before;
// - an instruction being begun: `counters->begun`, raised in groups of which only the last instruction may fault;
// - the accesses of a block's last instruction: `counters->last_accesses`, raised after each.
//
// A block of which fewer instructions were begun than it has was left by the last one begun. That one was not completed: it
// faulted, or changed its own code, and will be begun again. Except where it accessed a device: QEMU then leaves the block and
// executes this one instruction in a block of its own, for which no callbacks but those of accesses are called. As such a
// block has one instruction, its last, that shows in `last_accesses`.
//
// A block of which all instructions were begun was completed, unless its last one faulted. Then accesses are missing: a call
// that could not push has none. How many there must be is known from the instruction, or was seen when the block went on
// behind its end. A rep that found nothing to do has none either, nor has what QEMU does in C; they count as completed unless
// what is executed next is known to handle exceptions, because a block was left early for it. When QEMU replays, a fault comes
// twice: the instruction is begun, then begun again in a block of its own at the place that the log says.
#include "progress.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16, MOST_HANDLERS = 64, MOST_DOUBTS = 64, MOST_INSTRUCTIONS = 1024, PAGE = 4096 };

EXPORTED int qemu_plugin_version = PLUGIN_API;

static struct counters counters_here; // until QEMU has some
struct counters *counters = &counters_here;
uint64_t skipped;
uint64_t before_block;
const char *guest_architecture;

#if PLUGIN_API >= 2
static struct qemu_plugin_scoreboard *scoreboard;
#endif

static struct block *buckets[BUCKETS];
static struct block *current;
static uint64_t accesses_before; // the block
static uint64_t left_at; // the instruction that the block before did not complete, or NO_ADDRESS
static uint64_t handlers[MOST_HANDLERS];
static unsigned handler_count;
static struct {
  struct block *block;
  bool counted;
  uint64_t next;
} doubts[MOST_DOUBTS]; // whether the last instruction of these blocks was completed
static unsigned doubt_count;
static bool is_in_doubt;
static int code_bits; // of x86; 0 for other guests
static int interface_version;
static struct output_file out;

static void add_with_instruction(struct qemu_plugin_insn *insn, size_t offset, uint64_t number) {
#if PLUGIN_API == 1
  qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_64, (char *)counters + offset, number);
#else
  qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, ADD_64, (struct scoreboard_number){scoreboard, offset}, number);
#endif
}

void count_accesses(struct qemu_plugin_insn *insn, int which, size_t offset) {
#if PLUGIN_API == 1
  qemu_plugin_register_vcpu_mem_inline(insn, which, ADD_64, (char *)counters + offset, 1);
#else
  qemu_plugin_register_vcpu_mem_inline_per_vcpu(insn, which, ADD_64, (struct scoreboard_number){scoreboard, offset}, 1);
#endif
}

bool handles_exceptions(uint64_t address) {
  for (unsigned i = 0; i < handler_count; i++) {
    if (handlers[i] == address) {
      return true;
    }
  }
  return false;
}

// What was told as completed because the place executed next was not known yet to handle exceptions is taken back.
static void learn_handler(uint64_t address) {
  if (handler_count == MOST_HANDLERS || handles_exceptions(address)) {
    return;
  }
  handlers[handler_count++] = address;
  for (unsigned i = 0; i < doubt_count; i++) {
    if (doubts[i].next == address) {
      counters->begun--;
      take_back(doubts[i].block, doubts[i].counted);
    }
  }
}

// Most are interrupts, which are never found to be exceptions; the oldest of them go.
static void doubt(struct block *block, bool counted, uint64_t next) {
  if (doubt_count == MOST_DOUBTS) {
    memmove(doubts, doubts + 1, sizeof doubts - sizeof doubts[0]);
    doubt_count--;
  }
  doubts[doubt_count].block = block;
  doubts[doubt_count].counted = counted;
  doubts[doubt_count++].next = next;
}

static bool last_was_completed(struct block *block, uint64_t accesses, const struct block *next) {
  uint64_t last = address_in(block, block->instructions - 1u);
  bool faulted = next != NULL && handles_exceptions(next->address);
  if (next != NULL && block->goes_on) {
    if (next->address == block->next) {
      if (accesses < block->least_accesses && !block->last_repeats) {
        block->least_accesses = (uint8_t)accesses;
      }
      return true;
    }
    if (next->address == last) {
      return block->last_repeats && accesses >= block->least_accesses;
    }
    // What follows and is all in the same page was there to be executed, so it is not what faulted.
    if ((faulted && (block->next + LONGEST_INSTRUCTION - 1) / PAGE == last / PAGE) || (block->instructions == 1 && last == left_at)) {
      return false;
    }
  }
  if (block->least_accesses == UNKNOWN_ACCESSES || block->least_accesses == 0 || block->last_repeats) {
    is_in_doubt = accesses == 0;
    return (accesses > 0 && (!block->last_repeats || accesses >= block->least_accesses)) || (accesses == 0 && !faulted);
  }
  return accesses >= block->least_accesses;
}

// How many instructions of the current block were completed.
static unsigned completed_of(struct block *block, const struct block *next) {
  unsigned begun = (unsigned)(counters->begun - before_block);
  uint64_t accesses = counters->last_accesses - accesses_before;
  if (begun == block->instructions) {
    if (!block->last_may_fault || last_was_completed(block, accesses, next)) {
      return begun;
    }
  } else if (accesses > 0) {
    return begun;
  }
  counters->begun--;
  left_at = address_in(block, begun - 1);
  if (next != NULL && next->address != left_at && !(block->last_repeats && accesses == 0)) {
    learn_handler(next->address);
  }
  return begun - 1;
}

static void settle(const struct block *next) {
  struct block *block = current;
  if (block == NULL) {
    return;
  }
  uint64_t left_before = left_at;
  is_in_doubt = false;
  unsigned completed = completed_of(block, next);
  if (left_at == left_before) {
    left_at = (uint64_t)NO_ADDRESS;
  }
  if (is_in_doubt && completed == block->instructions && next != NULL && block->instructions == 1) {
    doubt(block, before_block >= skipped, next->address);
  }
  uint64_t to_skip = skipped > before_block ? skipped - before_block : 0;
  block_ends(block, completed, to_skip < completed ? (unsigned)to_skip : completed, next);
}

static void on_block(unsigned vcpu, void *data) {
  (void)vcpu;
  struct block *block = data;
  settle(block);
  current = block;
  before_block = counters->begun;
  accesses_before = counters->last_accesses;
  counters->begun += block->first_group;
  block_begins(block);
}

struct block *next_block(struct block *block) {
  size_t bucket = 0;
  if (block != NULL) {
    if (block->chain != NULL) {
      return block->chain;
    }
    bucket = block->hash % BUCKETS + 1;
  }
  while (bucket < BUCKETS && buckets[bucket] == NULL) {
    bucket++;
  }
  return bucket < BUCKETS ? buckets[bucket] : NULL;
}

static size_t copy_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes) {
  size_t size = qemu_plugin_insn_size(insn);
  size = size < LONGEST_INSTRUCTION ? size : LONGEST_INSTRUCTION;
  uintptr_t said = qemu_plugin_insn_data(insn, bytes, size);
  if (interface_version < 3) {
    memcpy(bytes, (const void *)said, size);
  }
  return size;
}

static struct decoded take_apart(const uint8_t *bytes, size_t size) {
  struct decoded decoded = {.class = OTHER, .accesses = UNKNOWN_ACCESSES, .may_fault = true, .cr3_source = -1};
  if (code_bits != 0) {
    decoded = decode_x86(bytes, size, code_bits);
    // A 64-bit processor also executes older code; what has the right length is taken for it.
    for (int bits = code_bits / 2; decoded.length != size && bits >= 16; bits /= 2) {
      struct decoded other = decode_x86(bytes, size, bits);
      decoded = other.length == size ? other : decoded;
    }
    if (decoded.length != size) {
      decoded = (struct decoded){.class = OTHER, .accesses = UNKNOWN_ACCESSES, .may_fault = true, .cr3_source = -1};
    }
  }
  return decoded;
}

// QEMU 7.2 names an instruction that begins at the end of a page and goes on in the next, with the bytes of this page, and then
// leaves it for a block of its own.
static bool is_cut_off(uint64_t address, const uint8_t *bytes, size_t size) {
  return PLUGIN_API == 1 && (size == 0 || (code_bits != 0 && PAGE - address % PAGE < LONGEST_INSTRUCTION &&
                                           decode_x86(bytes, size, code_bits).length != size));
}

static uint64_t hash_of(uint64_t hash, const void *bytes, size_t length) { // FNV-1a
  for (const uint8_t *byte = bytes; length > 0; byte++, length--) {
    hash = (hash ^ *byte) * 0x100000001b3;
  }
  return hash;
}

static struct block *find_or_make(uint64_t hash, uint64_t address, uint64_t physical, size_t instructions) {
  struct block **bucket = &buckets[hash % BUCKETS];
  for (struct block *block = *bucket; block != NULL; block = block->chain) {
    if (block->hash == hash && block->address == address && block->physical == physical) {
      return block;
    }
  }
  struct block *block = calloc(1, sizeof *block + instructions * sizeof block->instruction[0]);
  if (block == NULL) {
    complain("there is no memory for another block of code");
    abort();
  }
  *block = (struct block){.chain = *bucket, .address = address, .physical = physical, .hash = hash};
  *bucket = block;
  return block;
}

static void translate(struct qemu_plugin_tb *tb) {
  static uint8_t bytes[MOST_INSTRUCTIONS * LONGEST_INSTRUCTION];
  static uint8_t sizes[MOST_INSTRUCTIONS];
  size_t count = qemu_plugin_tb_n_insns(tb);
  if (count == 0 || count > MOST_INSTRUCTIONS) {
    complain("QEMU translated %zu instructions as one block; this build does not know such a QEMU", count);
    abort();
  }
#if PLUGIN_API >= 2
  counters = qemu_plugin_scoreboard_find(scoreboard, 0); // it may have moved
#endif
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    sizes[i] = (uint8_t)copy_bytes(qemu_plugin_tb_get_insn(tb, i), bytes + length);
    length += sizes[i];
  }
  struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
  size_t last_size = sizes[count - 1];
  if (count > 1 && is_cut_off(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, count - 1)), bytes + length - last_size, last_size)) {
    count--;
    length -= last_size;
  }
  uint64_t address = qemu_plugin_insn_vaddr(first);
  uint64_t physical = wants_physical_addresses ? physical_address(first) : (uint64_t)NO_ADDRESS;
  uint64_t hash = hash_of(hash_of(hash_of(0xcbf29ce484222325, &address, sizeof address), sizes, count), bytes, length);
  struct block *block = find_or_make(hash, address, physical, count);
  bool is_new = block->instructions == 0;
  size_t at = 0;
  size_t group_start = 0;
  struct decoded decoded = {0};
  for (size_t i = 0; i < count; i++) {
    decoded = take_apart(bytes + at, sizes[i]);
    if (is_new) {
      block->instruction[i] = (struct instruction){(uint16_t)at, sizes[i], (uint8_t)decoded.class};
    }
    at += sizes[i];
    if (!decoded.may_fault && i + 1 < count) {
      continue;
    }
    if (group_start == 0) {
      block->first_group = (uint16_t)(i + 1);
    } else {
      add_with_instruction(qemu_plugin_tb_get_insn(tb, group_start), offsetof(struct counters, begun), i + 1 - group_start);
    }
    group_start = i + 1;
  }
  if (is_new) {
    block->instructions = (uint16_t)count;
    block->next = address + length;
    block->target = decoded.direct ? block->next + (uint64_t)decoded.displacement : (uint64_t)NO_ADDRESS;
    block->last_may_fault = decoded.may_fault;
    block->last_repeats = decoded.repeats;
    block->goes_on = decoded.class < BRANCH || decoded.class > RETURN;
    block->least_accesses = decoded.accesses;
    block->kernel = address >> 63;
  }
  count_accesses(qemu_plugin_tb_get_insn(tb, count - 1), LOADS_AND_STORES, offsetof(struct counters, last_accesses));
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, NO_REGISTERS, block);
  instrument(block, tb, bytes);
}

static void finish(void) {
  settle(NULL);
  begin_json(&out);
  json_text("plugin", plugin_name);
  uint64_t total = counters->begun;
  json_number("instructions", total > skipped ? total - skipped : 0);
  json_number("skippedInstructions", total < skipped ? total : skipped);
  report();
  end_json();
  finish_file(&out);
}

#if PLUGIN_API >= 7
static void on_translate(struct qemu_plugin_tb *tb, void *data) {
  (void)data;
  translate(tb);
}
static void on_exit_of_qemu(void *data) {
  (void)data;
  finish();
}
#else
static void on_translate(plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  translate(tb);
}
static void on_exit_of_qemu(plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  finish();
}
#endif

static bool take(char *argument, const char **path) {
  char *value = strchr(argument, '=');
  if (value == NULL) {
    return complain("'%s' has no value; write %s=VALUE", argument, argument);
  }
  *value++ = '\0';
  if (strcmp(argument, "out") == 0) {
    *path = value;
    return true;
  }
  if (strcmp(argument, "skip") == 0) {
    return whole_number(argument, value, 0, INT64_MAX, &skipped);
  }
  switch (take_argument(argument, value)) {
    case ARGUMENT_TAKEN: return true;
    case ARGUMENT_WRONG: return false;
    default: return complain("there is no argument '%s'; it takes out, skip%s", argument, plugin_arguments);
  }
}

EXPORTED int qemu_plugin_install(plugin_id_t id, const struct qemu_info *info, int count, char **arguments) {
  const char *path = NULL;
  for (int i = 0; i < count; i++) {
    if (!take(arguments[i], &path)) {
      return -1;
    }
  }
  if (path == NULL || *path == '\0') {
    complain("it needs out=FILE, the file for what it says");
    return -1;
  }
  if (!info->system_emulation || info->system.vcpus > 1) {
    complain("it follows one processor of a whole machine; start QEMU with -smp 1");
    return -1;
  }
  interface_version = info->version.current;
  guest_architecture = strdup(info->target_name);
  code_bits = strcmp(info->target_name, "x86_64") == 0 ? 64 : strcmp(info->target_name, "i386") == 0 ? 32 : 0;
#if PLUGIN_API >= 2
  scoreboard = qemu_plugin_scoreboard_new(sizeof *counters);
#endif
  if (!begin_file(&out, path) || !prepare(path)) {
    return -1;
  }
#if PLUGIN_API >= 7
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate, NULL);
#else
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
#endif
  qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
  return 0;
}

// How far the guest is, to the instruction, told to each of our plugins block by block.
//
// QEMU says when a block or an instruction begins, not whether it was completed: one that faults is begun again later, one
// that talks to a device is begun once and completed in a block of its own that no callback announces. What is told here is
// what was completed, as QEMU's instruction counter counts it; progress.c says how that is found out.
#ifndef FREEZEFRAME_PROGRESS_H
#define FREEZEFRAME_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"
#include "plugin.h"
#include "x86.h"

enum { NO_ADDRESS = -1 }; // of a physical address that is not known

struct instruction {
  uint16_t offset; // from the address of its block
  uint8_t size;
  uint8_t class;
};

// A piece of code that QEMU translates as one: entered at its first instruction only. It lives until the end, and is the same
// when QEMU translates it again.
struct block {
  struct block *chain;
  uint64_t address;
  uint64_t physical; // of its first byte, if the plugin asked for it
  uint64_t next;     // the address behind it
  uint64_t target;   // where its last instruction goes, if that is a direct branch, jump or call
  uint64_t hash;
  uint64_t executions; // for the plugin, as `own` is
  void *own;
  uint16_t instructions;
  uint16_t first_group;     // of instructions, of which only the last may fault
  uint8_t least_accesses;   // of the last instruction when it completes, as seen or known
  bool last_may_fault;
  bool last_repeats;
  bool goes_on; // behind its end, if nothing comes between
  bool kernel; // in the upper half of the addresses
  struct instruction instruction[];
};

static inline uint64_t address_in(const struct block *block, unsigned index) {
  return block->address + block->instruction[index].offset;
}

static inline enum instruction_class last_class(const struct block *block) {
  return (enum instruction_class)block->instruction[block->instructions - 1].class;
}

// Numbers that QEMU's code adds to without a call.
struct counters {
  uint64_t begun;         // instructions, all since the start
  uint64_t last_accesses; // those of instructions that are the last of their block
  uint64_t loads;
  uint64_t stores;
};
extern struct counters *counters;

// Instructions that come before what counts.
extern uint64_t skipped;
// How many were completed before the block that is executed now.
extern uint64_t before_block;

// Whether the instruction counts whose access it is. Only for callbacks of accesses.
static inline bool access_counts(void) { return counters->begun > skipped; }
// Whether an instruction of the block that is executed now counts. Only for callbacks of instructions.
static inline bool instruction_counts(unsigned index) { return before_block + index >= skipped; }

// Whether an address is where the guest handles exceptions: a block there was entered by one.
bool handles_exceptions(uint64_t address);
// All blocks, one after the other: the one behind `block`, or the first for NULL.
struct block *next_block(struct block *block);
// The physical address of an instruction, or NO_ADDRESS.
uint64_t physical_address(const struct qemu_plugin_insn *insn);
// Has QEMU add 1 to loads or stores with each such access of an instruction, or whatever else is in `counters`.
void count_accesses(struct qemu_plugin_insn *insn, int which, size_t offset_in_counters);
// x86_64, aarch64 …
extern const char *guest_architecture;

// What each plugin is.
extern const char plugin_name[];
extern const char plugin_arguments[]; // for the message about a wrong one: ", a, b"
extern const bool wants_physical_addresses;

enum argument { ARGUMENT_TAKEN, ARGUMENT_WRONG, ARGUMENT_UNKNOWN };
// Takes an argument of the plugin's own; it has complained about one that is wrong.
enum argument take_argument(const char *name, const char *value);
// After the arguments; `out` is the file of the JSON object. False: it has complained.
bool prepare(const char *out);
// A block was translated, maybe again. `bytes` are those of all its instructions.
void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes);
// A block is entered.
void block_begins(struct block *block);
// It was left when so many of its instructions were completed, the first `not_counted` of which were skipped. `next` is what
// is executed then, NULL at the end.
void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next);
// The last instruction of a block was not completed after all, when it was executed a while ago; `counted` is whether it counted.
void take_back(struct block *block, bool counted);
// Writes the members of the JSON object, after those that all plugins have.
void report(void);

#endif

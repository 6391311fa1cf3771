// The plugin `branch`: branches, and how well a predictor foresees them.
//
// Whether a branch is taken is seen from the block that is executed next. If that is neither its target nor what follows it, an
// interrupt or a fault came between; then the guest comes back to one of them later.
#include <string.h>

#include "predictors.h"
#include "progress.h"

const char plugin_name[] = "branch";
const char plugin_arguments[] = ", predictor, table";
const bool wants_physical_addresses = false;

enum { MOST_OPEN = 8 };

// Branches whose outcome is not known yet, the newest last.
static struct {
  const struct block *block;
  bool counts;
} open_branches[MOST_OPEN];
static unsigned open_count;

static enum predictor predictor = GSHARE;
static uint64_t table_bits = 14;
static struct predictor_state state;
static struct target_state targets;
static uint64_t branches, taken_branches, mispredicted, unresolved;
static uint64_t jumps, calls, returns, returns_mispredicted, indirect, indirect_mispredicted;

enum argument take_argument(const char *name, const char *value) {
  static const char *const names[] = {"static", "bimodal", "gshare", "tage"};
  if (strcmp(name, "table") == 0) {
    return whole_number(name, value, 4, MOST_TABLE_BITS, &table_bits) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
  }
  if (strcmp(name, "predictor") != 0) {
    return ARGUMENT_UNKNOWN;
  }
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(value, names[i]) == 0) {
      predictor = (enum predictor)i;
      return ARGUMENT_TAKEN;
    }
  }
  complain("there is no predictor '%s'; there are static, bimodal, gshare and tage", value);
  return ARGUMENT_WRONG;
}

bool prepare(const char *path) {
  (void)path;
  if (strcmp(guest_architecture, "x86_64") != 0 && strcmp(guest_architecture, "i386") != 0) {
    return complain("it knows the branches of x86 only, and this guest is %s", guest_architecture);
  }
  set_up(&state, predictor, (unsigned)table_bits);
  return true;
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  (void)block;
  (void)tb;
  (void)bytes;
}

void take_back(struct block *block, bool counted) {
  (void)block;
  (void)counted;
}

void block_begins(struct block *block) { (void)block; }

// Whether what is executed next says how the branch ended.
static bool resolve(const struct block *block, bool counts, const struct block *next) {
  bool taken = next->address == block->target;
  if (!taken && next->address != block->next) {
    return false;
  }
  bool predicted = predict(&state, address_in(block, block->instructions - 1u), block->target, taken);
  branches += counts;
  taken_branches += counts && taken;
  mispredicted += counts && predicted != taken;
  return true;
}

static void keep_open(const struct block *block, bool counts) {
  if (open_count == MOST_OPEN) { // the oldest will hardly be gone back to
    unresolved += open_branches[0].counts;
    memmove(open_branches, open_branches + 1, sizeof open_branches - sizeof open_branches[0]);
    open_count--;
  }
  open_branches[open_count].block = block;
  open_branches[open_count++].counts = counts;
}

static void branch_ends(const struct block *block, bool counts, const struct block *next) {
  uint64_t address = address_in(block, block->instructions - 1u);
  switch (last_class(block)) {
    case BRANCH:
      if (!resolve(block, counts, next)) {
        keep_open(block, counts);
      }
      break;
    case JUMP: jumps += counts; break;
    case CALL:
      calls += counts;
      expect_return(&targets, block->next);
      break;
    case INDIRECT_CALL:
    case INDIRECT_JUMP: {
      bool is_call = last_class(block) == INDIRECT_CALL;
      calls += counts && is_call;
      jumps += counts && !is_call;
      indirect += counts;
      bool foreseen = handles_exceptions(next->address) || predict_target(&targets, address, next->address) == next->address;
      indirect_mispredicted += counts && !foreseen;
      if (is_call) {
        expect_return(&targets, block->next);
      }
      break;
    }
    case RETURN: {
      returns += counts;
      bool foreseen = predict_return(&targets) == next->address || handles_exceptions(next->address);
      returns_mispredicted += counts && !foreseen;
      break;
    }
    default: break;
  }
}

void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  if (next == NULL) {
    return;
  }
  if (open_count > 0 && resolve(open_branches[open_count - 1].block, open_branches[open_count - 1].counts, next)) {
    open_count--;
  }
  if (completed == block->instructions) {
    branch_ends(block, not_counted < completed, next);
  }
}

void report(void) {
  for (unsigned i = 0; i < open_count; i++) {
    unresolved += open_branches[i].counts;
  }
  json_number("branches", branches);
  json_number("branchesTaken", taken_branches);
  json_number("branchesMispredicted", mispredicted);
  json_number("branchesUnresolved", unresolved);
  json_number("jumps", jumps);
  json_number("calls", calls);
  json_number("indirectBranches", indirect);
  json_number("indirectMispredicted", indirect_mispredicted);
  json_number("returns", returns);
  json_number("returnsMispredicted", returns_mispredicted);
}

// The plugin `mix`: instructions by class, and accesses to memory.
#include "progress.h"

const char plugin_name[] = "mix";
const char plugin_arguments[] = "";
const bool wants_physical_addresses = false;

static const char *const fields[INSTRUCTION_CLASSES] = {
    [OTHER] = "otherInstructions",
    [NOP] = "nopInstructions",
    [MOVE] = "moveInstructions",
    [ALU] = "aluInstructions",
    [MULTIPLY] = "multiplyInstructions",
    [DIVIDE] = "divideInstructions",
    [STACK] = "stackInstructions",
    [STRING] = "stringInstructions",
    [BRANCH] = "branchInstructions",
    [JUMP] = "jumpInstructions",
    [INDIRECT_JUMP] = "indirectJumpInstructions",
    [CALL] = "callInstructions",
    [INDIRECT_CALL] = "indirectCallInstructions",
    [RETURN] = "returnInstructions",
    [X87] = "x87Instructions",
    [SSE] = "sseInstructions",
    [AVX] = "avxInstructions",
    [SYSTEM] = "systemInstructions",
};

static uint64_t user[INSTRUCTION_CLASSES], kernel[INSTRUCTION_CLASSES];
static uint64_t loads, stores; // where they are counted by calls
static bool by_calls;

enum argument take_argument(const char *name, const char *value) {
  (void)name;
  (void)value;
  return ARGUMENT_UNKNOWN;
}

// Where accesses are skipped, each must be looked at. QEMU 7.2 takes loads for stores when it is to count without a call.
bool prepare(const char *path) {
  (void)path;
  by_calls = skipped > 0 || PLUGIN_API == 1;
  return true;
}

static void on_access(unsigned vcpu, access_t access, uint64_t address, void *data) {
  (void)vcpu;
  (void)address;
  (void)data;
  if (access_counts()) {
    if (qemu_plugin_mem_is_store(access)) {
      stores++;
    } else {
      loads++;
    }
  }
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  (void)bytes;
  for (unsigned i = 0; i < block->instructions; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    if (by_calls) {
      qemu_plugin_register_vcpu_mem_cb(insn, on_access, NO_REGISTERS, LOADS_AND_STORES, NULL);
    } else {
      count_accesses(insn, LOADS, offsetof(struct counters, loads));
      count_accesses(insn, STORES, offsetof(struct counters, stores));
    }
  }
}

void take_back(struct block *block, bool counted) {
  (block->kernel ? kernel : user)[last_class(block)] -= counted;
}

void block_begins(struct block *block) { (void)block; }

static void add(const struct block *block, unsigned from, unsigned to, uint64_t times) {
  uint64_t *classes = block->kernel ? kernel : user;
  for (unsigned i = from; i < to; i++) {
    classes[block->instruction[i].class] += times;
  }
}

void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  (void)next;
  if (completed == block->instructions && not_counted == 0) {
    block->executions++;
  } else {
    add(block, not_counted, completed, 1);
  }
}

void report(void) {
  for (struct block *block = next_block(NULL); block != NULL; block = next_block(block)) {
    add(block, 0, block->instructions, block->executions);
  }
  for (unsigned class = 0; class < INSTRUCTION_CLASSES; class++) {
    json_number(fields[class], user[class] + kernel[class]);
  }
  json_number("loads", by_calls ? loads : counters->loads);
  json_number("stores", by_calls ? stores : counters->stores);
  begin_json_object("kernel");
  for (unsigned class = 0; class < INSTRUCTION_CLASSES; class++) {
    json_number(fields[class], kernel[class]);
  }
  end_json_object();
}

// Tests what the plugins are made of, with a QEMU that is a few functions here: test FOLDER. It is a plugin itself, which
// remembers what it is told.
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoding.h"
#include "levels.h"
#include "predictors.h"
#include "progress.h"
#include "spaces.h"

const char plugin_name[] = "test";
const char plugin_arguments[] = ", size";
const bool wants_physical_addresses = false;

static int failures;

#define CHECK(condition) check(condition, #condition, __LINE__)
static void check(bool holds, const char *what, int line) {
  if (!holds) {
    failures++;
    printf("test.c:%d: not so: %s\n", line, what);
  }
}

// --- QEMU --------------------------------------------------------------------------------------------------------------

enum { MOST_ADDITIONS = 8, MOST_IN_BLOCK = 8 };

struct addition {
  size_t offset;
  uint64_t operand;
};

struct qemu_plugin_insn {
  uint64_t address;
  const uint8_t *bytes;
  size_t size;
  struct addition begun[MOST_ADDITIONS], accessed[MOST_ADDITIONS];
  unsigned begun_count, accessed_count;
};

struct qemu_plugin_tb {
  size_t count;
  struct qemu_plugin_insn insns[MOST_IN_BLOCK];
  execute_callback_t *callback;
  void *data;
};

static translate_callback_t *translate_callback;
static exit_callback_t *exit_callback;

#if PLUGIN_API == 1
static struct addition addition_of(void *number, uint64_t operand) {
  return (struct addition){(size_t)((char *)number - (char *)counters), operand};
}
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *number, uint64_t operand) {
  (void)operation;
  insn->begun[insn->begun_count++] = addition_of(number, operand);
}
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *insn, int which, int operation, void *number,
                                          uint64_t operand) {
  (void)which;
  (void)operation;
  insn->accessed[insn->accessed_count++] = addition_of(number, operand);
}
#else
static uint64_t scoreboard[16];
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size) {
  CHECK(size <= sizeof scoreboard);
  return (struct qemu_plugin_scoreboard *)scoreboard;
}
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *found, unsigned vcpu) {
  CHECK(vcpu == 0);
  return found;
}
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int operation,
                                                         struct scoreboard_number number, uint64_t operand) {
  (void)operation;
  insn->begun[insn->begun_count++] = (struct addition){number.offset, operand};
}
void qemu_plugin_register_vcpu_mem_inline_per_vcpu(struct qemu_plugin_insn *insn, int which, int operation,
                                                   struct scoreboard_number number, uint64_t operand) {
  (void)which;
  (void)operation;
  insn->accessed[insn->accessed_count++] = (struct addition){number.offset, operand};
}
struct glib_array *qemu_plugin_get_registers(void) {
  static struct glib_array none;
  return &none;
}
int qemu_plugin_read_register(void *handle, struct glib_bytes *value) { return handle == value; }
struct glib_bytes *g_byte_array_new(void) { return NULL; }
struct glib_bytes *g_byte_array_set_size(struct glib_bytes *bytes, unsigned length) { return length == 0 ? bytes : NULL; }
unsigned g_array_get_element_size(struct glib_array *array) { return array->length + 1; }
char *g_array_free(struct glib_array *array, int with_elements) { return with_elements ? NULL : array->data; }
#endif
#if PLUGIN_API >= 7
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, translate_callback_t *callback, void *data) {
  (void)id;
  (void)data;
  translate_callback = callback;
}
bool qemu_plugin_translate_vaddr(uint64_t address, uint64_t *physical) { return (*physical = address) != 0; }
#else
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, translate_callback_t *callback) {
  (void)id;
  translate_callback = callback;
}
#endif
void qemu_plugin_register_atexit_cb(plugin_id_t id, exit_callback_t *callback, void *data) {
  (void)id;
  (void)data;
  exit_callback = callback;
}
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, execute_callback_t *callback, int registers, void *data) {
  (void)registers;
  tb->callback = callback;
  tb->data = data;
}
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_callback_t *callback, int registers,
                                            void *data) {
  (void)insn;
  (void)callback;
  (void)registers;
  (void)data;
}
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb) { return tb->count; }
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index) {
  return (struct qemu_plugin_insn *)&tb->insns[index];
}
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn) { return insn->address; }
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn) { return insn->size; }
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn) { return (void *)insn->bytes; }
uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t length) {
  if (PLUGIN_API == 1) {
    return (uintptr_t)insn->bytes;
  }
  memcpy(bytes, insn->bytes, length);
  return length;
}

// --- the plugin --------------------------------------------------------------------------------------------------------

static uint64_t size_argument, told, told_not_counted;

enum argument take_argument(const char *name, const char *value) {
  if (strcmp(name, "size") != 0) {
    return ARGUMENT_UNKNOWN;
  }
  return size_number(name, value, 1, 1 << 20, &size_argument) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
}
bool prepare(const char *out) { return *out != '\0'; }
void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) { watch_spaces(block, tb, bytes); }
void block_begins(struct block *block) { CHECK(block->instructions > 0); }
void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  CHECK(completed <= block->instructions && not_counted <= completed);
  CHECK(next == NULL || next->instructions > 0);
  told += completed;
  told_not_counted += not_counted;
}
void take_back(struct block *block, bool counted) {
  CHECK(block->instructions == 1);
  told--;
  told_not_counted -= !counted;
}
void report(void) { json_number("told", told); }

// --- tests -------------------------------------------------------------------------------------------------------------

#define DECODED(bytes, bits) decode_x86((const uint8_t *)(bytes), sizeof(bytes) - 1, bits)

static void takes_instructions_apart(void) {
  static const struct {
    const char *bytes;
    uint8_t length;
    enum instruction_class class;
    uint8_t accesses;
  } cases[] = {
      {"\x90", 1, NOP, 0},
      {"\x41\x90", 2, MOVE, 0},
      {"\xf3\x0f\x1e\xfa", 4, NOP, 0},
      {"\x0f\x1f\x84\x00\x00\x00\x00\x00", 8, NOP, 0},
      {"\x48\x89\xe5", 3, MOVE, 0},
      {"\x48\x8b\x05\x10\x20\x30\x40", 7, MOVE, 1},
      {"\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, MOVE, 0},
      {"\x66\xb8\x01\x02", 4, MOVE, 0},
      {"\x48\x01\x04\x24", 4, ALU, 2},
      {"\x48\x3b\x44\x8d\x08", 5, ALU, 1},
      {"\x81\x3d\x01\x02\x03\x04\x05\x06\x07\x08", 10, ALU, 1},
      {"\x48\x8d\x04\x85\x01\x02\x03\x04", 8, ALU, 0},
      {"\x48\xf7\xf1", 3, DIVIDE, UNKNOWN_ACCESSES},
      {"\x48\xf7\xc1\x01\x02\x03\x04", 7, ALU, 0},
      {"\x48\x0f\xaf\xc1", 4, MULTIPLY, 0},
      {"\x55", 1, STACK, 1},
      {"\xff\x35\x01\x02\x03\x04", 6, STACK, 2},
      {"\xf3\x48\xa5", 3, STRING, 2},
      {"\x74\x10", 2, BRANCH, 0},
      {"\x0f\x85\x01\x02\x03\x04", 6, BRANCH, 0},
      {"\xe9\x01\x02\x03\x04", 5, JUMP, 0},
      {"\xff\xe0", 2, INDIRECT_JUMP, 0},
      {"\xff\x25\x01\x02\x03\x04", 6, INDIRECT_JUMP, 1},
      {"\xe8\x01\x02\x03\x04", 5, CALL, 1},
      {"\x66\x66\x48\xe8\x01\x02\x03\x04", 8, CALL, 1},
      {"\xff\x15\x01\x02\x03\x04", 6, INDIRECT_CALL, 2},
      {"\xc3", 1, RETURN, 1},
      {"\xd9\xc0", 2, X87, UNKNOWN_ACCESSES},
      {"\x0f\x10\x00", 3, SSE, 1},
      {"\x66\x0f\x3a\x0f\xc1\x08", 6, SSE, UNKNOWN_ACCESSES},
      {"\xc5\xf8\x77", 3, AVX, UNKNOWN_ACCESSES},
      {"\xc4\xe3\x7d\x39\xc1\x01", 6, AVX, UNKNOWN_ACCESSES},
      {"\xc4\xe2\x70\xf2\xc2", 5, ALU, UNKNOWN_ACCESSES},
      {"\x62\xf1\x7c\x48\x10\x40\x01", 7, AVX, UNKNOWN_ACCESSES},
      {"\x0f\x05", 2, SYSTEM, 0},
      {"\x48\xcf", 2, SYSTEM, 0},
      {"\x0f\x30", 2, SYSTEM, UNKNOWN_ACCESSES},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct decoded decoded = decode_x86((const uint8_t *)cases[i].bytes, cases[i].length, 64);
    bool right = decoded.length == cases[i].length && decoded.class == cases[i].class && decoded.accesses == cases[i].accesses;
    if (!right) {
      printf("instruction %u: length %u class %d accesses %u\n", i, decoded.length, decoded.class, decoded.accesses);
    }
    CHECK(right);
    CHECK(decode_x86((const uint8_t *)cases[i].bytes, cases[i].length - 1u, 64).length != cases[i].length);
  }
  CHECK(DECODED("\x40", 32).class == ALU && DECODED("\x40", 32).length == 1);
  CHECK(DECODED("\xc5\x06", 32).class == MOVE); // lds
  CHECK(DECODED("\xb8\x01\x02", 16).length == 3);
  CHECK(DECODED("\x0f\x22\xd9", 64).cr3_source == 1 && DECODED("\x41\x0f\x22\xd9", 64).cr3_source == 9);
  CHECK(DECODED("\x0f\x20\xd9", 64).cr3_source == -1 && DECODED("\x0f\x22\xc1", 64).cr3_source == -1);
  CHECK(DECODED("\x74\xfe", 64).displacement == -2);
}

static struct qemu_plugin_tb *translated(uint64_t address, size_t count, const char *const *bytes, const size_t *sizes) {
  struct qemu_plugin_tb *tb = calloc(1, sizeof *tb);
  tb->count = count;
  for (size_t i = 0; i < count; i++) {
    tb->insns[i] = (struct qemu_plugin_insn){.address = address, .bytes = (const uint8_t *)bytes[i], .size = sizes[i]};
    address += sizes[i];
  }
#if PLUGIN_API >= 7
  translate_callback(tb, NULL);
#else
  translate_callback(0, tb);
#endif
  return tb;
}

static void add(const struct addition *additions, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    *(uint64_t *)((char *)counters + additions[i].offset) += additions[i].operand;
  }
}

// Begins so many instructions; the last one of the block makes so many accesses.
static void executed(struct qemu_plugin_tb *tb, size_t begun, unsigned accesses) {
  tb->callback(0, tb->data);
  for (size_t i = 0; i < begun; i++) {
    add(tb->insns[i].begun, tb->insns[i].begun_count);
  }
  for (unsigned i = 0; i < accesses; i++) {
    add(tb->insns[tb->count - 1].accessed, tb->insns[tb->count - 1].accessed_count);
  }
}

static void accessed_device(struct qemu_plugin_tb *alone) { add(alone->insns[0].accessed, alone->insns[0].accessed_count); }

// Of what was completed; the last block is settled by entering another.
static uint64_t completed_by(struct qemu_plugin_tb *next) {
  uint64_t before = told;
  executed(next, next->count, 1);
  return told - before;
}

static void tells_what_was_completed(void) {
  static const char *const body[] = {"\x48\x8b\x03", "\x48\x01\xc8", "\x48\x89\x03", "\xe8\x00\x10\x00\x00"};
  static const size_t sizes[] = {3, 3, 3, 5};
  static const char *const one[] = {"\x0f\x10\x00"}, *const round[] = {"\xf3\x48\xab"}, *const handler[] = {"\x0f\x01\xca"};
  static const size_t three[] = {3};
  struct qemu_plugin_tb *whole = translated(0x1000, 4, body, sizes), *away = translated(0xffffffff81000000, 1, handler, three);
  struct qemu_plugin_tb *fault = translated(0xffffffff82000000, 1, handler, three);
  struct qemu_plugin_tb *store = translated(0x1006, 1, body + 2, three), *rounds = translated(0x3000, 1, round, three);
  struct qemu_plugin_tb *behind = translated(0x3003, 1, one, three);
  executed(away, 1, 0);
  executed(whole, 4, 1);
  CHECK(completed_by(away) == 4);
  executed(whole, 3, 0); // the store talked to a device
  accessed_device(store);
  CHECK(completed_by(away) == 3);
  executed(rounds, 1, 0); // nothing left to do; or a fault, but nobody can know yet
  CHECK(completed_by(fault) == 1);
  uint64_t before = told;
  executed(whole, 4, 0); // the call could not push
  CHECK(completed_by(fault) == 3 - 1); // and the round is taken back
  CHECK(told == before + 1 + 3 - 1);
  CHECK(handles_exceptions(0xffffffff82000000) && !handles_exceptions(0xffffffff81000000));
  executed(whole, 1, 0); // the load faulted
  CHECK(completed_by(fault) == 0);
  executed(store, 1, 0); // begun again at its own place, and faulted there
  CHECK(completed_by(fault) == 0);
  executed(rounds, 1, 0);
  CHECK(completed_by(fault) == 0);
  executed(rounds, 1, 1);
  CHECK(completed_by(rounds) == 1);
  CHECK(completed_by(behind) == 1);
  executed(rounds, 1, 0);
  CHECK(completed_by(behind) == 1);
  executed(behind, 1, 0); // an access is missing
  CHECK(completed_by(away) == 0);
  CHECK(told == counters->begun - 1); // that of `away` is not settled yet
  struct qemu_plugin_tb *all[] = {whole, away, fault, store, rounds, behind};
  for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
    free(all[i]);
  }
}

static void skips_to_the_instruction(uint64_t skip) { CHECK(told_not_counted == skip); }

static void replaces_lines(void) {
  struct level below = {.size = 4 * 64, .ways = 4}, level = {.size = 2 * 64, .ways = 2, .below = &below};
  CHECK(fault_of(&level, 64) == NULL && build(&level, 64) && build(&below, 64));
  reach(&level, 1, true, true);
  reach(&level, 2, false, true);
  reach(&level, 1, false, true);
  reach(&level, 3, false, true); // 2 goes, as it was used least recently
  reach(&level, 1, false, true);
  CHECK(level.accesses == 5 && level.misses == 3 && level.writebacks == 0 && below.accesses == 3 && below.misses == 3);
  reach(&level, 4, false, true);
  reach(&level, 5, false, true); // 1 goes and is dirty
  CHECK(level.writebacks == 1 && below.writebacks == 1); // below it has to go at once, for 5
  reach(&level, 6, false, false);
  CHECK(level.accesses == 7);
  struct level fifo = {.size = 2 * 64, .ways = 2, .policy = FIRST_IN_FIRST_OUT};
  CHECK(build(&fifo, 64));
  uint64_t evicted;
  CHECK(!touch(&fifo, 1, true, &evicted) && !touch(&fifo, 2, false, &evicted) && touch(&fifo, 1, false, &evicted));
  CHECK(!touch(&fifo, 3, false, &evicted) && evicted == 1);
  CHECK(fault_of(&(struct level){.size = 3 * 64, .ways = 1}, 64) != NULL);
  CHECK(fault_of(&(struct level){.size = 100, .ways = 1}, 64) != NULL);
  free(level.places);
  free(below.places);
  free(fifo.places);
}

static unsigned mispredicted(enum predictor kind, unsigned period) {
  struct predictor_state *state = calloc(1, sizeof *state);
  set_up(state, kind, 12);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 20000; i++) {
    bool taken = i % period != 0;
    wrong += i >= 10000 && predict(state, 0x4000, 0x3000, taken) != taken;
    if (i < 10000) {
      predict(state, 0x4000, 0x3000, taken);
    }
  }
  free(state);
  return wrong;
}

static void foresees_branches(void) {
  CHECK(mispredicted(STATIC, 10) == 1000);
  CHECK(mispredicted(BIMODAL, 10) == 1000);
  CHECK(mispredicted(GSHARE, 10) == 0);
  CHECK(mispredicted(GSHARE, 25) > 0 && mispredicted(TAGE, 25) == 0);
  static struct target_state targets;
  expect_return(&targets, 1);
  expect_return(&targets, 2);
  CHECK(predict_return(&targets) == 2 && predict_return(&targets) == 1);
  CHECK(predict_target(&targets, 8, 100) == 0 && predict_target(&targets, 8, 200) == 100);
}

static void writes_numbers(void) {
  static const uint64_t numbers[] = {0, 1, 127, 128, 16384, UINT64_MAX - 1, UINT64_MAX};
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    uint8_t bytes[LONGEST_NUMBER];
    uint64_t number;
    size_t length = put_number(bytes, numbers[i]);
    CHECK(get_number(bytes, length, &number) == length && number == numbers[i]);
    CHECK(get_number(bytes, length - 1, &number) == 0);
    for (unsigned j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
      CHECK(after_way(numbers[j], way_between(numbers[j], numbers[i])) == numbers[i]);
    }
  }
  CHECK(way_between(100, 99) == 1 && way_between(100, 101) == 2);
}

static int installed(const char *const *given, int count) {
  static const struct qemu_info info = {.target_name = "x86_64", .version = {PLUGIN_API, PLUGIN_API == 2 ? 4 : PLUGIN_API},
                                        .system_emulation = true, .system = {1, 1}};
  char *arguments[4];
  for (int i = 0; i < count; i++) {
    arguments[i] = strdup(given[i]);
  }
  return qemu_plugin_install(0, &info, count, arguments); // which keeps them
}

static void refuses_arguments(void) {
  static const char *const wrong[][1] = {{"out"}, {"size=0"}, {"size=2m"}, {"size=1x"}, {"size=-1"}, {"skip=a"}, {"colour=red"},
                                         {"out=/nowhere/at/all"}, {"size=1k"}};
  int said = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDERR_FILENO);
  for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    CHECK(installed(wrong[i], 1) != 0);
  }
  dup2(said, STDERR_FILENO);
  close(said);
  close(nowhere);
  CHECK(size_argument == 1024);
}

int main(int count, char **arguments) {
  if (count != 2) {
    return 2;
  }
  takes_instructions_apart();
  replaces_lines();
  foresees_branches();
  writes_numbers();
  refuses_arguments();
  char out[4096], line[256] = "";
  snprintf(out, sizeof out, "out=%s/said", arguments[1]);
  CHECK(installed((const char *const[]){out, "skip=5"}, 2) == 0);
  tells_what_was_completed();
  skips_to_the_instruction(5);
  CHECK(access(out + 4, F_OK) != 0);
#if PLUGIN_API >= 7
  exit_callback(NULL);
#else
  exit_callback(0, NULL);
#endif
  FILE *file = fopen(out + 4, "r");
  CHECK(file != NULL && fgets(line, sizeof line, file) != NULL);
  char expected[256];
  snprintf(expected, sizeof expected, "{\"plugin\": \"test\", \"instructions\": %" PRIu64 ", \"skippedInstructions\": 5, \"told\": %" PRIu64 "}\n",
           told - 5, told);
  CHECK(strcmp(line, expected) == 0);
  if (file != NULL) {
    fclose(file);
  }
  unlink(out + 4);
  printf("interface %d: %s\n", PLUGIN_API, failures == 0 ? "passed" : "FAILED");
  return failures != 0;
}

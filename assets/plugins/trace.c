// The plugin `trace`: every block that is executed and every access to memory, in order, in a file of bounded length. README.md
// has its format.
#include <stdlib.h>
#include <string.h>

#include "encoding.h"
#include "progress.h"

const char plugin_name[] = "trace";
const char plugin_arguments[] = ", trace, limit, addresses";
const bool wants_physical_addresses = true;

// The lowest bits of a record's first number.
enum { BLOCK = 0, LOAD = 1, STORE = 2, LEFT_EARLY = 3, KIND_BITS = 2, SIZE_BITS = 3, PAGE = 4096 };

// What a block has been given in this trace.
struct traced {
  uint64_t number;      // from 1; 0 until it is defined
  size_t length;        // of the bytes
  uint8_t *bytes;       // of its instructions
  uint64_t addresses[]; // of the last access of each instruction
};

static const char *trace_name;
static struct output_file trace;
static uint64_t limit = UINT64_C(256) << 20;
static bool physical_accesses;
static uint8_t buffer[1 << 20];
static size_t filled;
static uint64_t written, block_count, last_block_address, last_block_physical;
static uint64_t traced_instructions, traced_loads, traced_stores;
static bool full;
static struct block *here; // the block that the accesses are of, NULL while nothing counts
static bool here_is_written;

enum argument take_argument(const char *name, const char *value) {
  if (strcmp(name, "trace") == 0) {
    trace_name = value;
    return ARGUMENT_TAKEN;
  }
  if (strcmp(name, "limit") == 0) {
    return size_number(name, value, 64, INT64_MAX, &limit) ? ARGUMENT_TAKEN : ARGUMENT_WRONG;
  }
  if (strcmp(name, "addresses") != 0) {
    return ARGUMENT_UNKNOWN;
  }
  physical_accesses = strcmp(value, "physical") == 0;
  return physical_accesses || strcmp(value, "virtual") == 0 || complain("addresses=%s is neither virtual nor physical", value)
             ? ARGUMENT_TAKEN
             : ARGUMENT_WRONG;
}

static void flush(void) {
  fwrite(buffer, 1, filled, trace.file);
  filled = 0;
}

static void put_bytes(const void *bytes, size_t length) {
  if (filled + length > sizeof buffer) {
    flush();
  }
  memcpy(buffer + filled, bytes, length);
  filled += length;
  written += length;
}

static void put(uint64_t number) {
  uint8_t bytes[LONGEST_NUMBER];
  put_bytes(bytes, put_number(bytes, number));
}

bool prepare(const char *out) {
  if (trace_name == NULL) {
    char *name = malloc(strlen(out) + sizeof ".trace");
    trace_name = name != NULL ? strcat(strcpy(name, out), ".trace") : NULL;
  }
  if (trace_name == NULL || !begin_file(&trace, trace_name)) {
    return false;
  }
  put_bytes("FFTRACE", 7);
  put(1); // version
  put(physical_accesses);
  return true;
}

static uint64_t in_ram(access_t access, uint64_t address) {
  struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(access, address);
  return place == NULL ? address : qemu_plugin_hwaddr_phys_addr(place);
}

// Whether a record of at most so many bytes still fits. Once one does not, nothing more is written: a gap would be a lie.
static bool fits(size_t length) {
  full = full || written + length > limit;
  return !full;
}

static bool write_block(struct block *block) {
  struct traced *traced = block->own;
  if (traced->number != 0) {
    if (fits(LONGEST_NUMBER)) {
      put(traced->number << KIND_BITS | BLOCK);
    }
    return !full;
  }
  if (!fits((4 + block->instructions) * (size_t)LONGEST_NUMBER + traced->length)) {
    return false;
  }
  traced->number = ++block_count;
  put(traced->number << KIND_BITS | BLOCK);
  put(way_between(last_block_address, block->address));
  put(way_between(last_block_physical, block->physical));
  put(block->instructions);
  for (unsigned i = 0; i < block->instructions; i++) {
    put(block->instruction[i].size);
  }
  put_bytes(traced->bytes, traced->length);
  last_block_address = block->address;
  last_block_physical = block->physical;
  return true;
}

static void on_access(unsigned vcpu, access_t access, uint64_t address, void *data) {
  (void)vcpu;
  (void)data;
  if (full || here == NULL || !access_counts()) {
    return;
  }
  if (!here_is_written) {
    here_is_written = write_block(here);
  }
  if (!here_is_written || !fits(2 * LONGEST_NUMBER)) {
    return;
  }
  uint64_t place = physical_accesses ? in_ram(access, address) : address;
  bool store = qemu_plugin_mem_is_store(access);
  unsigned index = (unsigned)(counters->begun - before_block - 1);
  uint64_t *before = &((struct traced *)here->own)->addresses[index];
  uint64_t what = (uint64_t)index << SIZE_BITS | (qemu_plugin_mem_size_shift(access) & ((1 << SIZE_BITS) - 1));
  put(what << KIND_BITS | (store ? STORE : LOAD));
  put(way_between(*before, place));
  *before = place;
  traced_loads += !store;
  traced_stores += store;
}

void instrument(struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  if (block->own == NULL) {
    size_t length = block->next - block->address;
    struct traced *traced = calloc(1, sizeof *traced + block->instructions * sizeof traced->addresses[0] + length);
    if (traced == NULL) {
      complain("there is no memory for another block of code");
      abort();
    }
    traced->bytes = (uint8_t *)(traced->addresses + block->instructions);
    traced->length = length;
    memcpy(traced->bytes, bytes, length);
    block->own = traced;
  }
  for (unsigned i = 0; i < block->instructions; i++) {
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access, NO_REGISTERS, LOADS_AND_STORES, NULL);
  }
}

// The trace keeps it: nobody could have known then.
void take_back(struct block *block, bool counted) {
  (void)block;
  (void)counted;
}

void block_begins(struct block *block) {
  here = block;
  here_is_written = false;
}

// A block is written with its first access that counts, or here. One that is only partly counted is written whole.
void block_ends(struct block *block, unsigned completed, unsigned not_counted, const struct block *next) {
  (void)next;
  if (completed == not_counted || full) {
    return;
  }
  if (!here_is_written) {
    here_is_written = write_block(block);
  }
  if (here_is_written && completed < block->instructions && fits(LONGEST_NUMBER)) {
    put((uint64_t)completed << KIND_BITS | LEFT_EARLY);
  }
  traced_instructions += full ? 0 : completed - not_counted;
}

void report(void) {
  flush();
  finish_file(&trace);
  json_number("tracedInstructions", traced_instructions);
  json_number("tracedLoads", traced_loads);
  json_number("tracedStores", traced_stores);
  json_number("traceBytes", written);
  json_number("tracesCut", full);
}

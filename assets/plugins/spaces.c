// CR3 is read once, before the first instruction. Later it changes only where the guest loads it, so only those instructions
// have a callback: reading registers makes QEMU write all of them to memory.
#include "spaces.h"

#include <string.h>

uint64_t space = (uint64_t)NO_SPACE;
static uint64_t next_space = (uint64_t)NO_SPACE;

#if PLUGIN_API == 1

bool tells_spaces(void) { return false; }
void watch_spaces(const struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  (void)block;
  (void)tb;
  (void)bytes;
}

#else

enum { GENERAL_REGISTERS = 16, CR3 = GENERAL_REGISTERS };

static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "cr3"};
static void *handles[CR3 + 1];
static struct glib_bytes *value;

bool tells_spaces(void) { return strcmp(guest_architecture, "x86_64") == 0; }

// Only in a thread that executes the guest.
static void find_registers(void) {
  struct glib_array *found = qemu_plugin_get_registers();
  size_t size = g_array_get_element_size(found);
  for (unsigned i = 0; i < found->length; i++) {
    const struct register_description *description = (const void *)(found->data + i * size);
    for (unsigned j = 0; j <= CR3; j++) {
      if (handles[j] == NULL && strcmp(description->name, names[j]) == 0) {
        handles[j] = description->handle;
      }
    }
  }
  g_array_free(found, 1);
  value = g_byte_array_new();
}

static void read_space(unsigned number) {
  enum { PAGE_BITS = 12, ADDRESS_BITS = 52 };
  uint64_t content = 0;
  g_byte_array_set_size(value, 0);
  if (handles[number] == NULL) {
    return;
  }
  qemu_plugin_read_register(handles[number], value);
  if (value->length >= sizeof content) {
    memcpy(&content, value->data, sizeof content); // x86 hosts and guests have the same byte order
    next_space = (content & ((UINT64_C(1) << ADDRESS_BITS) - 1)) >> PAGE_BITS << PAGE_BITS;
  }
}

static void on_first_instruction(unsigned vcpu, void *data) {
  (void)vcpu;
  (void)data;
  if (space == (uint64_t)NO_SPACE) {
    read_space(CR3);
    space = next_space;
  }
}

static void on_load_of_cr3(unsigned vcpu, void *number) {
  (void)vcpu;
  read_space((unsigned)(uintptr_t)number);
}

void watch_spaces(const struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes) {
  if (!tells_spaces()) {
    return;
  }
  if (value == NULL) {
    find_registers();
  }
  if (space == (uint64_t)NO_SPACE) {
    qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, 0), on_first_instruction, READS_REGISTERS, NULL);
  }
  for (unsigned i = 0; i < block->instructions; i++) {
    const struct instruction *instruction = &block->instruction[i];
    if (instruction->class == SYSTEM) {
      int source = decode_x86(bytes + instruction->offset, instruction->size, 64).cr3_source;
      if (source >= 0) {
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, i), on_load_of_cr3, READS_REGISTERS,
                                               (void *)(uintptr_t)source);
      }
    }
  }
}

#endif

bool space_changes(void) { return next_space != space; }

void enter_space(void) { space = next_space; }

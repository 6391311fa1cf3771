// What we use of QEMU's interface for TCG plugins, in our own words. QEMU installs no header of it; what is promised for each
// version is in docs/devel/tcg-plugins of its sources.
//
// PLUGIN_API is the version that a build is for: 1 (QEMU 7.2), 2 (9.0 to 11.0) or 7 (11.1). Each QEMU takes some versions and
// refuses the others.
#ifndef FREEZEFRAME_PLUGIN_H
#define FREEZEFRAME_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if PLUGIN_API != 1 && PLUGIN_API != 2 && PLUGIN_API != 7
#error "PLUGIN_API must be 1, 2 or 7"
#endif

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t plugin_id_t;
typedef uint32_t access_t; // what kind of access to memory one is

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

struct qemu_info {
  const char *target_name;
  struct {
    int least;
    int current; // what this QEMU speaks, which may be more than what we were built for
  } version;
  bool system_emulation;
  struct {
    int vcpus;
    int most_vcpus;
  } system;
};

enum { NO_REGISTERS = 0, READS_REGISTERS = 1 };
enum { LOADS = 1, STORES = 2, LOADS_AND_STORES = 3 };
enum { ADD_64 = 0 };

typedef void execute_callback_t(unsigned vcpu, void *data);
typedef void access_callback_t(unsigned vcpu, access_t access, uint64_t address, void *data);

#if PLUGIN_API >= 7
typedef void translate_callback_t(struct qemu_plugin_tb *tb, void *data);
typedef void exit_callback_t(void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, translate_callback_t *callback, void *data);
#else
typedef void translate_callback_t(plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void exit_callback_t(plugin_id_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, translate_callback_t *callback);
#endif
void qemu_plugin_register_atexit_cb(plugin_id_t id, exit_callback_t *callback, void *data);

// What is executed with a block, before an instruction, after an access. A block that only repeats an access to a device has
// none of the first two.
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, execute_callback_t *callback, int registers, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_callback_t *callback, int registers,
                                            void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, access_callback_t *callback, int registers, int which,
                                      void *data);

// The same without a call: an addition to a number. From version 2 on the number is in memory of QEMU's, one for each vCPU.
#if PLUGIN_API == 1
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *number, uint64_t operand);
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *insn, int which, int operation, void *number,
                                          uint64_t operand);
#else
struct qemu_plugin_scoreboard;
struct scoreboard_number {
  struct qemu_plugin_scoreboard *scoreboard;
  size_t offset;
};
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *scoreboard, unsigned vcpu);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int operation,
                                                         struct scoreboard_number number, uint64_t operand);
void qemu_plugin_register_vcpu_mem_inline_per_vcpu(struct qemu_plugin_insn *insn, int which, int operation,
                                                   struct scoreboard_number number, uint64_t operand);
#endif

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
// The address of the instruction in the memory of this process; NULL where it is not in RAM.
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
// Until version 2 it takes only the first argument, and gives the address of the bytes; from 3 on it copies them. A QEMU that
// speaks 3 to 6 takes our build for 2: `version.current` says which it is.
uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t length);

bool qemu_plugin_mem_is_store(access_t access);
unsigned qemu_plugin_mem_size_shift(access_t access);
// Only inside of a callback for an access, and for that access.
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(access_t access, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *place);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *place);

#if PLUGIN_API >= 7
bool qemu_plugin_translate_vaddr(uint64_t address, uint64_t *physical);
#endif

// Registers, from version 2 on. Arrays are GLib's, which QEMU has loaded; these are the parts of them that it makes public.
#if PLUGIN_API >= 2
struct register_description {
  void *handle;
  const char *name;
  const char *feature;
};
struct glib_array {
  char *data;
  unsigned length;
};
struct glib_bytes {
  uint8_t *data;
  unsigned length;
};
struct glib_array *qemu_plugin_get_registers(void); // of register_description, to which later versions add members
// What it returns differs from version to version; whether there is a value is seen by the length.
int qemu_plugin_read_register(void *handle, struct glib_bytes *value);
struct glib_bytes *g_byte_array_new(void);
struct glib_bytes *g_byte_array_set_size(struct glib_bytes *bytes, unsigned length);
unsigned g_array_get_element_size(struct glib_array *array);
char *g_array_free(struct glib_array *array, int with_elements);
#endif

extern EXPORTED int qemu_plugin_version;
EXPORTED int qemu_plugin_install(plugin_id_t id, const struct qemu_info *info, int count, char **arguments);

#endif

// Where an instruction is in the guest's physical memory. From version 7 on QEMU tells that. Before, it tells where it is in its
// own memory, which differs from run to run; guest RAM is a mapped file there, so the place in that file says the same as a
// physical address, as long as all of RAM lies below the hole for devices at the end of 32 bits.
#include <inttypes.h>
#include <stdio.h>

#include "progress.h"

#if PLUGIN_API >= 7

uint64_t physical_address(const struct qemu_plugin_insn *insn) {
  uint64_t physical;
  return qemu_plugin_translate_vaddr(qemu_plugin_insn_vaddr(insn), &physical) ? physical : (uint64_t)NO_ADDRESS;
}

#else

static struct mapping {
  uint64_t start, end, offset;
} mapping;

// What is not a file, such as firmware, gets addresses far from those of RAM, in the order in which it is found.
static void look_up(uint64_t address) {
  static uint64_t elsewhere = UINT64_C(1) << 48;
  mapping = (struct mapping){0};
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) {
    return;
  }
  char line[8192];
  while (fgets(line, sizeof line, maps) != NULL) {
    uint64_t start, end, offset, inode;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %" SCNu64, &start, &end, &offset, &inode) != 4 ||
        address < start || address >= end) {
      continue;
    }
    mapping = (struct mapping){start, end, offset};
    if (inode == 0) {
      mapping.offset = elsewhere;
      elsewhere += end - start;
    }
  }
  fclose(maps);
}

uint64_t physical_address(const struct qemu_plugin_insn *insn) {
  uint64_t address = (uintptr_t)qemu_plugin_insn_haddr(insn);
  if (address == 0) {
    return (uint64_t)NO_ADDRESS;
  }
  if (address < mapping.start || address >= mapping.end) {
    look_up(address);
  }
  return mapping.end == 0 ? (uint64_t)NO_ADDRESS : mapping.offset + (address - mapping.start);
}

#endif

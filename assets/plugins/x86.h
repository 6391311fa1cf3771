// Takes x86 instructions apart as far as the plugins need: length, class, and whether and how they touch memory.
#ifndef FREEZEFRAME_X86_H
#define FREEZEFRAME_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum instruction_class {
  OTHER, // not taken apart: not x86, or an opcode that we do not know
  NOP,   // also hints, prefetches, pause, endbr
  MOVE,
  ALU,
  MULTIPLY,
  DIVIDE,
  STACK,
  STRING,
  BRANCH, // conditional
  JUMP,
  INDIRECT_JUMP,
  CALL,
  INDIRECT_CALL,
  RETURN,
  X87,
  SSE, // also MMX
  AVX,
  SYSTEM, // privileged, system calls, ports, fences, state of the processor
  INSTRUCTION_CLASSES
};

enum { UNKNOWN_ACCESSES = 255, LONGEST_INSTRUCTION = 15 };

struct decoded {
  enum instruction_class class;
  uint8_t length;     // 0 if there are fewer bytes than the instruction has, or if it is none
  uint8_t accesses;   // to memory, when it completes; UNKNOWN_ACCESSES
  bool may_fault;     // it may be left without being completed
  bool repeats;       // a string instruction with a rep prefix: QEMU counts each round as an instruction
  bool locked;
  bool direct;        // `displacement` counts from the end of the instruction
  int64_t displacement;
  int8_t cr3_source;  // the register that CR3 is loaded from, -1 if it is not
};

// Bits is what the code is: 64, 32 or 16.
struct decoded decode_x86(const uint8_t *bytes, size_t size, int bits);

#endif

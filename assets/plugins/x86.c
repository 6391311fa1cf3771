// The opcode maps are those of the manuals of Intel (volume 2, appendix A) and AMD (volume 3, appendix A).
#include "x86.h"

#include <string.h>

struct reader {
  const uint8_t *bytes;
  size_t size;
  size_t at;
  bool short_of; // bytes
};

struct form {
  int bits;
  bool operand_prefix;
  bool address_prefix;
  uint8_t repeat_prefix; // 0xf2, 0xf3 or 0
  bool lock_prefix;
  uint8_t rex;
  enum { ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A } map;
  enum { LEGACY, VEX, EVEX } encoding;
  uint8_t opcode;
  bool has_modrm;
  uint8_t mod, reg, rm;
  bool in_memory; // an operand
};

static uint8_t next_byte(struct reader *reader) {
  if (reader->at >= reader->size) {
    reader->short_of = true;
    return 0;
  }
  return reader->bytes[reader->at++];
}

static int64_t next_signed(struct reader *reader, unsigned length) {
  uint64_t value = 0;
  for (unsigned i = 0; i < length; i++) {
    value |= (uint64_t)next_byte(reader) << (8 * i);
  }
  unsigned unused = 64 - 8 * length;
  return length == 0 ? 0 : (int64_t)(value << unused) >> unused;
}

static unsigned operand_length(const struct form *form) { // of an immediate one; with REX.W it is as long as without
  bool is_16 = (form->bits == 16) != form->operand_prefix && !(form->rex & 8);
  return is_16 ? 2 : 4;
}

static void take_prefixes(struct reader *reader, struct form *form) {
  for (;; reader->at++) {
    uint8_t byte = reader->at < reader->size ? reader->bytes[reader->at] : 0;
    bool is_rex = form->bits == 64 && (byte & 0xf0) == 0x40;
    switch (byte) {
      case 0x66: form->operand_prefix = true; break;
      case 0x67: form->address_prefix = true; break;
      case 0xf2:
      case 0xf3: form->repeat_prefix = byte; break;
      case 0xf0: form->lock_prefix = true; break;
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0x64:
      case 0x65: break;
      default:
        if (!is_rex) {
          return;
        }
    }
    form->rex = is_rex ? byte : 0; // counts only right before the opcode
  }
}

// The maps 5 and 6 of EVEX are like 0F and 0F38.
static void take_map(struct form *form, unsigned number) {
  switch (number) {
    case 2:
    case 6: form->map = MAP_0F38; break;
    case 3: form->map = MAP_0F3A; break;
    default: form->map = MAP_0F;
  }
}

static void take_opcode(struct reader *reader, struct form *form) {
  uint8_t byte = next_byte(reader);
  // In 32-bit code these are other instructions where what follows has an operand in memory.
  bool vector = form->bits == 64 || (reader->at < reader->size && reader->bytes[reader->at] >= 0xc0);
  if (byte == 0xc5 && vector) {
    form->encoding = VEX;
    form->map = MAP_0F;
    next_byte(reader);
    form->opcode = next_byte(reader);
  } else if (byte == 0xc4 && vector) {
    form->encoding = VEX;
    take_map(form, next_byte(reader) & 0x1f);
    next_byte(reader);
    form->opcode = next_byte(reader);
  } else if (byte == 0x62 && vector) {
    form->encoding = EVEX;
    take_map(form, next_byte(reader) & 7);
    next_byte(reader);
    next_byte(reader);
    form->opcode = next_byte(reader);
  } else if (byte == 0x0f) {
    form->map = MAP_0F;
    form->opcode = next_byte(reader);
    if (form->opcode == 0x38 || form->opcode == 0x3a) {
      form->map = form->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
      form->opcode = next_byte(reader);
    }
  } else {
    form->opcode = byte;
  }
}

static bool is_among(uint8_t opcode, const char *list, size_t length) { return memchr(list, opcode, length) != NULL; }
#define AMONG(opcode, list) is_among(opcode, list, sizeof(list) - 1)

static bool has_modrm(const struct form *form) {
  uint8_t opcode = form->opcode;
  if (form->map == ONE_BYTE) {
    return opcode < 0x40 ? (opcode & 7) < 4
                         : (opcode >= 0x80 && opcode <= 0x8f) || (opcode >= 0xd0 && opcode <= 0xd3) || opcode >> 3 == 0x1b ||
                               AMONG(opcode, "\x62\x63\x69\x6b\xc0\xc1\xc4\xc5\xc6\xc7\xf6\xf7\xfe\xff");
  }
  if (form->map == MAP_0F) {
    if (form->encoding != LEGACY) {
      return opcode != 0x77 || form->encoding == EVEX;
    }
    return !((opcode >= 0x30 && opcode <= 0x37) || (opcode & 0xf0) == 0x80 || (opcode >= 0xc8 && opcode <= 0xcf) ||
             AMONG(opcode, "\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0e\x77\xa0\xa1\xa2\xa8\xa9\xaa"));
  }
  return true;
}

static void take_modrm(struct reader *reader, struct form *form) {
  uint8_t byte = next_byte(reader);
  form->has_modrm = true;
  form->mod = byte >> 6;
  form->reg = byte >> 3 & 7;
  form->rm = byte & 7;
  // The moves of control and debug registers do not look at it.
  if (form->mod == 3 || (form->map == MAP_0F && form->encoding == LEGACY && form->opcode >= 0x20 && form->opcode <= 0x23)) {
    return;
  }
  form->in_memory = true;
  unsigned displacement = form->mod == 1 ? 1 : form->mod == 2 ? 4 : 0;
  bool is_16 = form->bits != 64 && (form->bits == 16) != form->address_prefix;
  if (is_16) {
    displacement = form->mod == 2 || (form->mod == 0 && form->rm == 6) ? 2 : displacement;
  } else {
    uint8_t base = form->rm;
    if (form->rm == 4) {
      base = next_byte(reader) & 7;
    }
    if (form->mod == 0 && base == 5) {
      displacement = 4;
    }
  }
  next_signed(reader, displacement);
}

static unsigned immediate_length(const struct form *form) {
  uint8_t opcode = form->opcode;
  unsigned operand = operand_length(form);
  if (form->map == MAP_0F3A) {
    return 1;
  }
  if (form->map == MAP_0F) {
    if (form->encoding == LEGACY && (opcode & 0xf0) == 0x80) {
      return operand;
    }
    bool one = AMONG(opcode, "\x70\x71\x72\x73\xc2\xc4\xc5\xc6") ||
               (form->encoding == LEGACY && AMONG(opcode, "\x0f\xa4\xac\xba"));
    return one ? 1 : 0;
  }
  if (form->map == MAP_0F38) {
    return 0;
  }
  if (opcode < 0x40) {
    return (opcode & 7) == 4 ? 1 : (opcode & 7) == 5 ? operand : 0;
  }
  if ((opcode & 0xf0) == 0x70 || (opcode & 0xf8) == 0xb0 || (opcode & 0xf8) == 0xe0 ||
      AMONG(opcode, "\x6a\x6b\x80\x82\x83\xa8\xc0\xc1\xc6\xcd\xd4\xd5\xeb")) {
    return 1;
  }
  if ((opcode & 0xf8) == 0xb8) {
    return form->rex & 8 ? 8 : operand;
  }
  if ((opcode & 0xfc) == 0xa0) { // an address
    return form->bits == 64 ? (form->address_prefix ? 4 : 8) : ((form->bits == 16) != form->address_prefix ? 2 : 4);
  }
  switch (opcode) {
    case 0x68:
    case 0x69:
    case 0x81:
    case 0xa9:
    case 0xc7:
    case 0xe8:
    case 0xe9: return operand;
    case 0x9a:
    case 0xea: return operand + 2;
    case 0xc2:
    case 0xca: return 2;
    case 0xc8: return 3;
    case 0xf6: return form->reg < 2 ? 1 : 0;
    case 0xf7: return form->reg < 2 ? operand : 0;
    default: return 0;
  }
}

// A letter for each opcode: n NOP, m MOVE, a ALU, x MULTIPLY, k STACK, s STRING, b BRANCH, j JUMP, c CALL, r RETURN, f X87,
// v SSE, y SYSTEM, o OTHER, g a group that ModRM tells apart.
static const char one_byte_letters[] = "aaaaaakkaaaaaako" // 00
                                       "aaaaaakkaaaaaakk" // 10
                                       "aaaaaaoaaaaaaaoa" // 20
                                       "aaaaaaoaaaaaaaoa" // 30
                                       "aaaaaaaaaaaaaaaa" // 40
                                       "kkkkkkkkkkkkkkkk" // 50
                                       "kkomooookxkxyyyy" // 60
                                       "bbbbbbbbbbbbbbbb" // 70
                                       "aaaaaammmmmmmamk" // 80
                                       "nmmmmmmmaacfkkaa" // 90
                                       "mmmmssssaassssss" // a0
                                       "mmmmmmmmmmmmmmmm" // b0
                                       "aarrmmmmkkrryyyy" // c0
                                       "aaaaaaamffffffff" // d0
                                       "bbbbyyyycjjjyyyy" // e0
                                       "oyooyaggaayyaagg"; // f0
static const char letters_of_0f[] = "yyyyoyyyyyoyonyv" // 00
                                    "vvvvvvvvnnnnnnnn" // 10
                                    "yyyyoooovvvvvvvv" // 20
                                    "yyyyyyoyoooooooo" // 30
                                    "mmmmmmmmmmmmmmmm" // 40
                                    "vvvvvvvvvvvvvvvv" // 50
                                    "vvvvvvvvvvvvvvvv" // 60
                                    "vvvvvvvvvvvvvvvv" // 70
                                    "bbbbbbbbbbbbbbbb" // 80
                                    "aaaaaaaaaaaaaaaa" // 90
                                    "kkyaaaookkyaaagx" // a0
                                    "aamammmmayaaaamm" // b0
                                    "aavmvvvgaaaaaaaa" // c0
                                    "vvvvvvvvvvvvvvvv" // d0
                                    "vvvvvvvvvvvvvvvv" // e0
                                    "vvvvvvvvvvvvvvvy"; // f0
_Static_assert(sizeof one_byte_letters == 257 && sizeof letters_of_0f == 257, "a letter for each opcode");

static enum instruction_class class_of_group(const struct form *form) {
  static const enum instruction_class of_f6[] = {ALU, ALU, ALU, ALU, MULTIPLY, MULTIPLY, DIVIDE, DIVIDE};
  static const enum instruction_class of_ff[] = {ALU, ALU, INDIRECT_CALL, INDIRECT_CALL, INDIRECT_JUMP, INDIRECT_JUMP,
                                                 STACK, OTHER};
  if (form->map == ONE_BYTE) {
    return form->opcode < 0xfe ? of_f6[form->reg] : form->opcode == 0xfe ? ALU : of_ff[form->reg];
  }
  if (form->opcode == 0xae) { // ldmxcsr and stmxcsr are a program's own
    return form->in_memory && (form->reg == 2 || form->reg == 3) ? SSE : SYSTEM;
  }
  return form->in_memory && form->reg == 1 ? ALU : SYSTEM; // cmpxchg8b
}

static enum instruction_class class_of_letter(char letter, const struct form *form) {
  switch (letter) {
    case 'n': return form->map == ONE_BYTE && (form->rex & 1) ? MOVE : NOP; // xchg of r8
    case 'm': return MOVE;
    case 'a': return ALU;
    case 'x': return MULTIPLY;
    case 'k': return STACK;
    case 's': return STRING;
    case 'b': return BRANCH;
    case 'j': return JUMP;
    case 'c': return CALL;
    case 'r': return RETURN;
    case 'f': return X87;
    case 'v': return SSE;
    case 'y': return SYSTEM;
    case 'g': return class_of_group(form);
    default: return OTHER;
  }
}

static enum instruction_class class_of(const struct form *form) {
  uint8_t opcode = form->opcode;
  if (form->encoding != LEGACY) {
    bool scalar = form->encoding == VEX && ((form->map == MAP_0F38 && opcode >= 0xf2 && opcode <= 0xf7) ||
                                            (form->map == MAP_0F3A && opcode == 0xf0));
    return scalar ? ALU : AVX;
  }
  switch (form->map) {
    case ONE_BYTE: return class_of_letter(one_byte_letters[opcode], form);
    case MAP_0F: return class_of_letter(letters_of_0f[opcode], form);
    case MAP_0F38: return opcode < 0xf0 ? SSE : opcode <= 0xf1 && form->repeat_prefix != 0xf2 ? MOVE : ALU;
    default: return SSE;
  }
}

// Whether it surely completes: registers only, and nothing that a processor checks; or where it goes on elsewhere by definition.
static bool surely_completes(const struct form *form, enum instruction_class class) {
  uint8_t opcode = form->opcode;
  if (form->lock_prefix || form->encoding != LEGACY || form->map > MAP_0F) {
    return false;
  }
  bool is_lea = form->map == ONE_BYTE && opcode == 0x8d;
  bool loads_segment = (form->map == ONE_BYTE && opcode == 0x8e) || (form->map == MAP_0F && AMONG(opcode, "\xb2\xb4\xb5"));
  bool at_address = form->map == ONE_BYTE && ((opcode & 0xfc) == 0xa0 || opcode == 0xd7);
  switch (class) {
    case NOP: return true;
    case MOVE: return !form->in_memory && !loads_segment && !at_address;
    case ALU: return (!form->in_memory || is_lea) && !(form->map == ONE_BYTE && AMONG(opcode, "\xd4\xd5"));
    case MULTIPLY:
    case INDIRECT_JUMP: return !form->in_memory;
    case BRANCH: return true;
    case JUMP: return opcode != 0xea;
    case SYSTEM: // int, iret, hlt, syscall, sysret, sysenter, sysexit
      return form->map == ONE_BYTE ? (opcode >= 0xcc && opcode <= 0xcf) || opcode == 0xf1 || opcode == 0xf4
                                   : AMONG(opcode, "\x05\x07\x34\x35");
    default: return false;
  }
}

// How many accesses QEMU reports at least when it completes; exactly, for those that go elsewhere.
static uint8_t accesses_of(const struct form *form, enum instruction_class class) {
  uint8_t opcode = form->opcode;
  if (form->encoding != LEGACY) {
    return UNKNOWN_ACCESSES;
  }
  switch (class) {
    case CALL: return opcode == 0xe8 ? 1 : UNKNOWN_ACCESSES;
    case RETURN: return opcode <= 0xc3 ? 1 : UNKNOWN_ACCESSES;
    case INDIRECT_CALL: return form->reg == 2 ? 1 + form->in_memory : UNKNOWN_ACCESSES;
    case INDIRECT_JUMP: return form->reg == 4 ? form->in_memory : UNKNOWN_ACCESSES;
    case STACK: return form->map == ONE_BYTE && opcode != 0xc8 ? 1 + ((opcode == 0xff || opcode == 0x8f) && form->in_memory) : 1;
    case STRING: return opcode < 0xa8 ? 2 : 1;
    case ALU:
      if (form->map == ONE_BYTE && form->in_memory && !form->lock_prefix) { // read and written, unless it only compares
        bool writes = opcode < 0x40 ? (opcode & 7) < 2 && opcode < 0x38 : opcode >= 0x80 && opcode <= 0x83 && form->reg != 7;
        return 1 + writes;
      }
      return form->in_memory ? 1 : UNKNOWN_ACCESSES;
    case MOVE:
    case MULTIPLY:
    case DIVIDE:
    case SSE: return form->in_memory ? 1 : UNKNOWN_ACCESSES;
    default: return UNKNOWN_ACCESSES;
  }
}

struct decoded decode_x86(const uint8_t *bytes, size_t size, int bits) {
  struct reader reader = {.bytes = bytes, .size = size < LONGEST_INSTRUCTION ? size : LONGEST_INSTRUCTION};
  struct form form = {.bits = bits};
  struct decoded decoded = {.class = OTHER, .accesses = UNKNOWN_ACCESSES, .may_fault = true, .cr3_source = -1};
  take_prefixes(&reader, &form);
  take_opcode(&reader, &form);
  if (has_modrm(&form)) {
    take_modrm(&reader, &form);
  }
  decoded.displacement = next_signed(&reader, immediate_length(&form) > 8 ? 8 : immediate_length(&form));
  if (reader.short_of) {
    return decoded;
  }
  decoded.length = (uint8_t)reader.at;
  decoded.class = class_of(&form);
  decoded.may_fault = !surely_completes(&form, decoded.class);
  decoded.accesses = decoded.may_fault ? accesses_of(&form, decoded.class) : 0;
  decoded.locked = form.lock_prefix;
  decoded.repeats = decoded.class == STRING && form.repeat_prefix != 0;
  decoded.direct = decoded.class == BRANCH ||
                   (form.map == ONE_BYTE && (form.opcode == 0xe8 || form.opcode == 0xe9 || form.opcode == 0xeb));
  if (form.map == MAP_0F && form.encoding == LEGACY && form.opcode == 0x22 && form.reg == 3 && !(form.rex & 4)) {
    decoded.cr3_source = (int8_t)(form.rm | (form.rex & 1) << 3);
  }
  return decoded;
}

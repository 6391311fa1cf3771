// How a trace is written: whole numbers in as few bytes as they need, and addresses as the way from the one before.
#ifndef FREEZEFRAME_ENCODING_H
#define FREEZEFRAME_ENCODING_H

#include <stddef.h>
#include <stdint.h>

enum { LONGEST_NUMBER = 10 };

// LEB128: seven bits a byte, the lowest first; the eighth says that more follow.
static inline size_t put_number(uint8_t *to, uint64_t number) {
  size_t length = 0;
  while (number >= 0x80) {
    to[length++] = (uint8_t)(number | 0x80);
    number >>= 7;
  }
  to[length++] = (uint8_t)number;
  return length;
}

// 0 bytes if there are fewer than the number has, or if it is none.
static inline size_t get_number(const uint8_t *from, size_t available, uint64_t *number) {
  *number = 0;
  for (size_t length = 0; length < available && length < LONGEST_NUMBER; length++) {
    *number |= (uint64_t)(from[length] & 0x7f) << (7 * length);
    if (from[length] < 0x80) {
      return length + 1;
    }
  }
  return 0;
}

// The way between two addresses as a number that is small for short ways in both directions: 0, -1, 1, -2 … are 0, 1, 2, 3 …
static inline uint64_t way_between(uint64_t from, uint64_t to) {
  uint64_t way = to - from;
  return way << 1 ^ (way >> 63 != 0 ? UINT64_MAX : 0);
}

static inline uint64_t after_way(uint64_t from, uint64_t way) { return from + (way >> 1 ^ (way & 1 ? UINT64_MAX : 0)); }

#endif

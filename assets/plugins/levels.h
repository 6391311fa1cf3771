// Levels of caches: sets of lines with a policy of replacement, written back and allocated on a write. A level knows nothing of
// those beside it; `reach` goes down through them. Lines are numbers, an address without the bits of its place in the line.
#ifndef FREEZEFRAME_LEVELS_H
#define FREEZEFRAME_LEVELS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum policy { LEAST_RECENTLY_USED, FIRST_IN_FIRST_OUT, RANDOM };

struct level {
  uint64_t size; // in bytes; 0 for a level that is not there
  uint64_t ways;
  enum policy policy;
  uint64_t set_mask;
  uint64_t *places; // ways for each set, the newest first: the line's number + 1, then a bit whether it is dirty; 0 if free
  uint64_t random;
  struct level *below; // NULL: memory
  uint64_t accesses, misses, writebacks;
};

// Why a level cannot be, or NULL.
static inline const char *fault_of(const struct level *level, uint64_t line_size) {
  uint64_t set = level->ways * line_size;
  if (level->size % set != 0) {
    return "the size is no multiple of ways times line";
  }
  uint64_t sets = level->size / set;
  return (sets & (sets - 1)) != 0 ? "size divided by ways and line is no power of two" : NULL;
}

// After `fault_of`. False: there is no memory for it.
static inline bool build(struct level *level, uint64_t line_size) {
  uint64_t sets = level->size / (level->ways * line_size);
  level->set_mask = sets - 1;
  level->random = UINT64_C(0x9e3779b97f4a7c15);
  level->places = calloc(sets * level->ways, sizeof *level->places);
  return level->places != NULL;
}

static inline uint64_t next_random(struct level *level) { // xorshift64 by Marsaglia
  level->random ^= level->random << 13;
  level->random ^= level->random >> 7;
  level->random ^= level->random << 17;
  return level->random;
}

// Marks a line as dirty, if it is there, without counting as a use.
static inline bool make_dirty(struct level *level, uint64_t line) {
  uint64_t *set = level->places + (line & level->set_mask) * level->ways;
  for (uint64_t way = 0; way < level->ways; way++) {
    if (set[way] >> 1 == line + 1) {
      set[way] |= 1;
      return true;
    }
  }
  return false;
}

// Whether the line was there. If not it is now, and `evicted` is the dirty line that had to go, or UINT64_MAX.
static inline bool touch(struct level *level, uint64_t line, bool write, uint64_t *evicted) {
  uint64_t *set = level->places + (line & level->set_mask) * level->ways;
  uint64_t wanted = line + 1;
  if (set[0] >> 1 == wanted) {
    set[0] |= write;
    return true;
  }
  uint64_t way = 1;
  while (way < level->ways && set[way] >> 1 != wanted) {
    way++;
  }
  if (way < level->ways) {
    uint64_t place = set[way] | write;
    if (level->policy == LEAST_RECENTLY_USED) {
      memmove(set + 1, set, way * sizeof *set);
      set[0] = place;
    } else {
      set[way] = place;
    }
    return true;
  }
  uint64_t leaving = level->ways - 1;
  if (level->policy == RANDOM && set[leaving] != 0) {
    leaving = next_random(level) % level->ways;
  }
  *evicted = set[leaving] & 1 ? (set[leaving] >> 1) - 1 : UINT64_MAX;
  memmove(set + 1, set, leaving * sizeof *set);
  set[0] = wanted << 1 | write;
  return false;
}

// An access at `level` and, while it misses, at those below. A line that has to go from one is written to the next one below that
// has it.
static inline void reach(struct level *level, uint64_t line, bool write, bool counts) {
  for (bool writes_here = write; level != NULL; level = level->below, writes_here = false) {
    uint64_t evicted = UINT64_MAX;
    level->accesses += counts;
    if (touch(level, line, writes_here, &evicted)) {
      return;
    }
    level->misses += counts;
    if (evicted != UINT64_MAX) {
      level->writebacks += counts;
      struct level *below = level->below;
      while (below != NULL && !make_dirty(below, evicted)) {
        below = below->below;
      }
    }
  }
}

#endif

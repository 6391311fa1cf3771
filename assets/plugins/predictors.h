// Predictors of conditional branches: whether one is taken is asked for and told at once, in the order of the program.
//
// static    backward branches are taken, forward ones are not.
// bimodal   J. E. Smith, A Study of Branch Prediction Strategies, 1981: a counter of two bits for each address.
// gshare    S. McFarling, Combining Branch Predictors, 1993: the same, by address exclusive-or the outcomes before.
// tage      A. Seznec and P. Michaud, A case for (partially) TAgged GEometric history length branch predictors, 2006: the
//           outcome that followed the longest history that is known; here a bimodal table and four with tags.
#ifndef FREEZEFRAME_PREDICTORS_H
#define FREEZEFRAME_PREDICTORS_H

#include <stdbool.h>
#include <stdint.h>

enum predictor { STATIC, BIMODAL, GSHARE, TAGE };

enum {
  MOST_TABLE_BITS = 20,
  TAGGED_TABLES = 4,
  TAGGED_BITS = 10, // of entries in each
  TAG_BITS = 9,
  HISTORY_WORDS = 4,
  USEFUL_PERIOD = 1 << 18, // branches, after which what was useful is halved
};

// The history folded into few bits, kept up to date with each outcome.
struct folded {
  uint32_t value;
  unsigned length; // of the history
  unsigned width;
};

struct tagged_entry {
  int8_t counter; // -4 to 3, taken from 0 on
  uint8_t useful; // 0 to 3
  uint16_t tag;
};

struct predictor_state {
  enum predictor kind;
  unsigned table_bits;
  uint8_t counters[1 << MOST_TABLE_BITS]; // 0 to 3, taken from 2 on
  uint64_t history[HISTORY_WORDS];        // the newest outcome is bit 0
  struct tagged_entry tagged[TAGGED_TABLES][1 << TAGGED_BITS];
  struct folded indexes[TAGGED_TABLES], tags[TAGGED_TABLES], other_tags[TAGGED_TABLES];
  uint64_t updates;
};

static const unsigned history_lengths[TAGGED_TABLES] = {5, 15, 44, 130};

static inline void set_up(struct predictor_state *state, enum predictor kind, unsigned table_bits) {
  state->kind = kind;
  state->table_bits = table_bits;
  for (uint32_t i = 0; i < UINT32_C(1) << table_bits; i++) {
    state->counters[i] = 1;
  }
  for (unsigned i = 0; i < TAGGED_TABLES; i++) {
    state->indexes[i] = (struct folded){0, history_lengths[i], TAGGED_BITS};
    state->tags[i] = (struct folded){0, history_lengths[i], TAG_BITS};
    state->other_tags[i] = (struct folded){0, history_lengths[i], TAG_BITS - 1};
  }
}

static inline bool outcome_before(const struct predictor_state *state, unsigned branches) {
  return state->history[branches / 64] >> branches % 64 & 1;
}

static inline void fold(struct folded *folded, bool newest, bool oldest) {
  folded->value = folded->value << 1 | newest;
  folded->value ^= (uint32_t)oldest << folded->length % folded->width;
  folded->value ^= folded->value >> folded->width;
  folded->value &= (UINT32_C(1) << folded->width) - 1;
}

static inline void remember(struct predictor_state *state, bool taken) {
  if (state->kind == TAGE) {
    for (unsigned i = 0; i < TAGGED_TABLES; i++) {
      bool oldest = outcome_before(state, history_lengths[i] - 1);
      fold(&state->indexes[i], taken, oldest);
      fold(&state->tags[i], taken, oldest);
      fold(&state->other_tags[i], taken, oldest);
    }
  }
  for (unsigned i = HISTORY_WORDS - 1; i > 0; i--) {
    state->history[i] = state->history[i] << 1 | state->history[i - 1] >> 63;
  }
  state->history[0] = state->history[0] << 1 | taken;
}

static inline bool predict_by_counter(uint8_t *counter, bool taken) {
  bool predicted = *counter >= 2;
  if (taken && *counter < 3) {
    ++*counter;
  } else if (!taken && *counter > 0) {
    --*counter;
  }
  return predicted;
}

static inline void nudge(int8_t *counter, bool taken) {
  if (taken && *counter < 3) {
    ++*counter;
  } else if (!taken && *counter > -4) {
    --*counter;
  }
}

static inline bool predict_by_tage(struct predictor_state *state, uint64_t address, bool taken) {
  struct tagged_entry *entries[TAGGED_TABLES];
  uint16_t tags[TAGGED_TABLES];
  int provider = -1, other = -1; // the longest and the second longest history that is known
  for (int i = 0; i < TAGGED_TABLES; i++) {
    uint64_t index = (address ^ address >> (TAGGED_BITS - i) ^ state->indexes[i].value) & ((1 << TAGGED_BITS) - 1);
    tags[i] = (uint16_t)((address ^ state->tags[i].value ^ state->other_tags[i].value << 1) & ((1 << TAG_BITS) - 1));
    entries[i] = &state->tagged[i][index];
    if (entries[i]->tag == tags[i]) {
      other = provider;
      provider = i;
    }
  }
  uint8_t *base = &state->counters[address & ((UINT64_C(1) << state->table_bits) - 1)];
  bool base_taken = *base >= 2;
  bool other_taken = other >= 0 ? entries[other]->counter >= 0 : base_taken;
  bool predicted = other_taken;
  if (provider >= 0) {
    struct tagged_entry *entry = entries[provider];
    bool provided = entry->counter >= 0;
    bool is_new = entry->useful == 0 && (entry->counter == 0 || entry->counter == -1);
    predicted = is_new ? other_taken : provided;
    if (provided != other_taken) {
      if (provided == taken && entry->useful < 3) {
        entry->useful++;
      } else if (provided != taken && entry->useful > 0) {
        entry->useful--;
      }
    }
    nudge(&entry->counter, taken);
  } else {
    predict_by_counter(base, taken);
  }
  if (predicted != taken) {
    int place = provider + 1;
    while (place < TAGGED_TABLES && entries[place]->useful > 0) {
      entries[place++]->useful--;
    }
    if (place < TAGGED_TABLES) {
      *entries[place] = (struct tagged_entry){taken ? 0 : -1, 0, tags[place]};
    }
  }
  if (++state->updates % USEFUL_PERIOD == 0) {
    for (unsigned i = 0; i < TAGGED_TABLES; i++) {
      for (unsigned j = 0; j < 1 << TAGGED_BITS; j++) {
        state->tagged[i][j].useful >>= 1;
      }
    }
  }
  return predicted;
}

// What is predicted of a branch, which then turns out to be taken or not.
static inline bool predict(struct predictor_state *state, uint64_t address, uint64_t target, bool taken) {
  uint64_t mask = (UINT64_C(1) << state->table_bits) - 1;
  bool predicted = false;
  switch (state->kind) {
    case STATIC: return target <= address;
    case BIMODAL: return predict_by_counter(&state->counters[address & mask], taken);
    case GSHARE: predicted = predict_by_counter(&state->counters[(address ^ state->history[0]) & mask], taken); break;
    case TAGE: predicted = predict_by_tage(state, address, taken); break;
  }
  remember(state, taken);
  return predicted;
}

// Where an indirect jump goes: where it went last (a table by address), or for a return behind the last call (a stack that
// forgets the oldest).
enum { TARGETS = 4096, RETURNS = 16 };

struct target_state {
  struct {
    uint64_t address, target;
  } targets[TARGETS];
  uint64_t returns[RETURNS];
  unsigned top;
};

static inline uint64_t predict_target(struct target_state *state, uint64_t address, uint64_t target) {
  uint64_t predicted = state->targets[address % TARGETS].address == address ? state->targets[address % TARGETS].target : 0;
  state->targets[address % TARGETS].address = address;
  state->targets[address % TARGETS].target = target;
  return predicted;
}

static inline void expect_return(struct target_state *state, uint64_t to) { state->returns[state->top++ % RETURNS] = to; }

static inline uint64_t predict_return(struct target_state *state) { return state->returns[--state->top % RETURNS]; }

#endif

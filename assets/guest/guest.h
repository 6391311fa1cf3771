// What init.c and the workloads share: kernel arguments, a random generator, and lines on the console.
#ifndef FREEZEFRAME_GUEST_H
#define FREEZEFRAME_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Runs the workload that the arguments name; returns 0 when it reached ff.end.
int run_workload(void);

// Takes every `ff.name=value` of the kernel's command line.
void read_kernel_arguments(void);
// Takes one `ff.name=value`; the last one given counts.
void take_argument(const char *text);
// The value of `ff.name`, or `fallback`. A flag without `=` has the value "".
const char *text_argument(const char *name, const char *fallback);
// The same as a whole number; anything else on the command line is reported on the console and ignored.
uint64_t number_argument(const char *name, uint64_t fallback);

// Prints one line with a single write, so that lines of two processes never mix.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// xoshiro256** by Blackman and Vigna (https://prng.di.unimi.it/), seeded by splitmix64.
typedef struct {
  uint64_t state[4];
} random_t;

void seed_random(random_t *random, uint64_t seed);

static inline uint64_t rotate_left(uint64_t word, int bits) {
  return (word << bits) | (word >> (64 - bits));
}

static inline uint64_t next_random(random_t *random) {
  uint64_t *s = random->state;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

#endif

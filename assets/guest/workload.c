// The guest's workloads: known kinds of memory and disk traffic that print a numbered line each period.
// Given a seed and a deterministic clock (QEMU's -icount) every one of them does the same work at the same time.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define PAGE_BYTES UINT64_C(4096)
#define MIB (UINT64_C(1) << 20)
#define SECOND_NANOS UINT64_C(1000000000)
#define MILLI_NANOS UINT64_C(1000000)

static uint64_t seed;
static uint64_t end_after; // lines; 0 = never

// --- random numbers and time ---------------------------------------------------------------------------------

static uint64_t splitmix64(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void seed_random(random_t *random, uint64_t start) {
  for (int i = 0; i < 4; i++) {
    random->state[i] = splitmix64(&start);
  }
}

static uint64_t now_nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND_NANOS + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t nanos) {
  struct timespec when = {.tv_sec = (time_t)(nanos / SECOND_NANOS), .tv_nsec = (long)(nanos % SECOND_NANOS)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) {
  }
}

// A start without ff.seed must differ from every other one, but must not wait for entropy either: an emulated
// machine without a hardware generator would stand for a second.
static uint64_t seed_of_kernel(void) {
  uint64_t bytes = 0;
  if (getrandom(&bytes, sizeof bytes, GRND_INSECURE) != sizeof bytes) {
    bytes = 0;
  }
  return bytes ^ (now_nanos() << 20) ^ __builtin_ia32_rdtsc();
}

static void *allocate(uint64_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    say("workload: no %" PRIu64 " MiB of memory to be had: lower ff.size or give the machine more", bytes / MIB);
    exit(1);
  }
  return memory;
}

static bool ended(uint64_t lines) {
  return end_after != 0 && lines >= end_after;
}

// --- ticker: a file of random bytes, rewritten again and again ------------------------------------------------

enum { BLOCK_WORDS = 128 * 1024 }; // 1 MiB at a time, as a copying program would

static uint64_t add_to_sum(uint64_t sum, const uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sum = rotate_left(sum, 5) ^ words[i]; // order counts, and cheap enough to be done twice a second when emulated
    sum *= UINT64_C(0x9e3779b97f4a7c15);
  }
  return sum;
}

static bool transfer(int file, uint64_t *block, bool writing) {
  char *bytes = (char *)block;
  size_t left = BLOCK_WORDS * sizeof *block;
  while (left > 0) {
    ssize_t done = writing ? write(file, bytes, left) : read(file, bytes, left);
    if (done <= 0) {
      say("ticker: cannot %s the file: %s", writing ? "write" : "read", done < 0 ? strerror(errno) : "too short");
      return false;
    }
    bytes += done;
    left -= (size_t)done;
  }
  return true;
}

// Each round reads the file back before it is rewritten: memory that was damaged by a checkpoint or a restore shows
// as a `CORRUPT` line.
static int ticker(void) {
  uint64_t interval = number_argument("interval", 500) * MILLI_NANOS;
  uint64_t blocks = number_argument("size", 8) * MIB / (BLOCK_WORDS * sizeof(uint64_t));
  uint64_t *block = allocate(BLOCK_WORDS * sizeof *block);
  random_t random;
  seed_random(&random, seed);
  int file = open("/tmp/ticker", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) {
    say("ticker: cannot create /tmp/ticker: %s", strerror(errno));
    return 1;
  }
  uint64_t sum = 0;
  uint64_t next = now_nanos();
  for (uint64_t tick = 1;; tick++) {
    if (tick > 1) {
      uint64_t found = 0;
      lseek(file, 0, SEEK_SET);
      for (uint64_t i = 0; i < blocks; i++) {
        if (!transfer(file, block, false)) {
          return 1;
        }
        found = add_to_sum(found, block, BLOCK_WORDS);
      }
      if (found != sum) {
        say("CORRUPT file of tick %" PRIu64 ": sum %016" PRIx64 " became %016" PRIx64, tick - 1, sum, found);
      }
    }
    sum = 0;
    lseek(file, 0, SEEK_SET);
    if (ftruncate(file, 0) != 0) { // as a program does that saves a file: its pages go back and others are taken
      say("ticker: cannot empty the file: %s", strerror(errno));
      return 1;
    }
    for (uint64_t i = 0; i < blocks; i++) {
      for (size_t word = 0; word < BLOCK_WORDS; word++) {
        block[word] = next_random(&random);
      }
      sum = add_to_sum(sum, block, BLOCK_WORDS);
      if (!transfer(file, block, true)) {
        return 1;
      }
    }
    say("tick %" PRIu64 " sum %016" PRIx64, tick, sum);
    if (ended(tick)) {
      return 0;
    }
    next += interval;
    uint64_t now = now_nanos();
    if (next < now) {
      next = now; // too slow a machine: the ticks come later, but not in bursts
    }
    sleep_until(next);
  }
}

// --- idle -----------------------------------------------------------------------------------------------------

static int idle(void) {
  say("idle");
  uint64_t start = now_nanos();
  if (end_after != 0) {
    sleep_until(start + end_after * SECOND_NANOS);
    return 0;
  }
  for (;;) {
    pause();
  }
}

// --- random: a few bytes in every page of a buffer, in random order, at a set rate --------------------------------

// A bijection on numbers of `bits` bits: every page comes once before any comes twice, so that the rate of writes
// is the rate of distinct dirty pages until the whole buffer is dirty.
static uint64_t shuffle(uint64_t number, int bits, uint64_t key) {
  uint64_t mask = (UINT64_C(1) << bits) - 1;
  int half = (bits + 1) / 2;
  for (int round = 0; round < 3; round++) {
    number = (number + key) & mask;
    number = number * UINT64_C(0xd1342543de82ef95) & mask;
    number ^= number >> half;
    key = rotate_left(key, 21);
  }
  return number;
}

static int random_pages(void) {
  uint64_t pages = number_argument("size", 64) * MIB / PAGE_BYTES;
  uint64_t rate = number_argument("rate", 1000);
  if (pages == 0 || rate == 0) {
    say("random: ff.size and ff.rate must be at least 1");
    return 1;
  }
  int bits = 1;
  while ((UINT64_C(1) << bits) < pages) {
    bits++;
  }
  volatile uint64_t *buffer = allocate(pages * PAGE_BYTES);
  random_t random;
  seed_random(&random, seed);
  uint64_t key = next_random(&random);
  uint64_t position = 0;
  uint64_t total = 0;
  uint64_t start = now_nanos();
  uint64_t allowed_from = start; // pages are due from here on
  uint64_t due_before = 0;
  uint64_t printed_at = start;
  uint64_t printed_total = 0;
  uint64_t line = 0;
  for (uint64_t slice = start;;) {
    uint64_t now = now_nanos();
    uint64_t due = due_before + (uint64_t)((unsigned __int128)(now - allowed_from) * rate / SECOND_NANOS);
    // What could not be done within 100 ms is given up rather than caught up with in a burst.
    if (due > total + rate / 10 + 1) {
      due = total + rate / 10 + 1;
      due_before = due;
      allowed_from = now;
    }
    while (total < due) {
      uint64_t page;
      do {
        if (position >> bits != 0) {
          position = 0;
          key = next_random(&random);
        }
        page = shuffle(position++, bits, key);
      } while (page >= pages);
      buffer[page * (PAGE_BYTES / sizeof *buffer) + (key >> 32 & 511)] = ++total;
    }
    if (now - printed_at >= SECOND_NANOS) {
      line++;
      say("random %" PRIu64 " rate %" PRIu64 " pages %" PRIu64, line,
          (total - printed_total) * SECOND_NANOS / (now - printed_at), total);
      printed_at = now;
      printed_total = total;
      if (ended(line)) {
        return 0;
      }
    }
    slice += MILLI_NANOS;
    if (slice < now) {
      slice = now;
    }
    sleep_until(slice);
  }
}

// --- cache: files that come and go ----------------------------------------------------------------------------------

enum { MOST_FILES = 256, PIECE_WORDS = 512 };

static const char prose[] = "The guest stands still for some milliseconds, its pages are copied, and it runs on. ";

// A third of the pieces compresses well, a third somewhat, a third not at all.
static void fill_piece(uint64_t *words, random_t *random) {
  uint64_t kind = next_random(random) % 3;
  if (kind == 0) {
    char *bytes = (char *)words;
    size_t start = next_random(random) % (sizeof prose - 1);
    for (size_t i = 0; i < PIECE_WORDS * sizeof *words; i++) {
      bytes[i] = prose[(start + i) % (sizeof prose - 1)];
    }
    return;
  }
  uint64_t mask = kind == 1 ? UINT64_C(0x00000000000fffff) : UINT64_MAX;
  for (size_t i = 0; i < PIECE_WORDS; i++) {
    words[i] = next_random(random) & mask;
  }
}

static int cache(void) {
  uint64_t budget = number_argument("size", 32) * MIB;
  uint64_t rate = number_argument("rate", 50); // files written per second
  if (rate == 0 || rate > 10000 || budget < MIB) {
    say("cache: ff.size must be at least 1 and ff.rate between 1 and 10000");
    return 1;
  }
  uint64_t sizes[MOST_FILES] = {0};
  uint64_t stored = 0;
  uint64_t written = 0;
  uint64_t read_back = 0;
  uint64_t sum = 0;
  uint64_t *piece = allocate(PIECE_WORDS * sizeof *piece);
  random_t random;
  seed_random(&random, seed);
  uint64_t next = now_nanos();
  uint64_t printed_at = next;
  for (uint64_t line = 0;;) {
    size_t slot = next_random(&random) % MOST_FILES;
    char path[32];
    snprintf(path, sizeof path, "/tmp/cache-%zu", slot);
    uint64_t size = PAGE_BYTES << next_random(&random) % 8; // 4 KiB to 512 KiB
    if (sizes[slot] != 0 && (stored + size > budget || next_random(&random) % 4 == 0)) {
      unlink(path);
      stored -= sizes[slot];
      sizes[slot] = 0;
    } else if (sizes[slot] != 0) {
      int file = open(path, O_RDONLY | O_CLOEXEC);
      ssize_t length;
      while (file >= 0 && (length = read(file, piece, PIECE_WORDS * sizeof *piece)) > 0) {
        sum = add_to_sum(sum, piece, (size_t)length / sizeof *piece);
        read_back += (uint64_t)length;
      }
      close(file);
      continue; // reading is free: the rate counts what changes memory
    } else if (stored + size <= budget) {
      int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      for (uint64_t done = 0; done < size; done += PIECE_WORDS * sizeof *piece) {
        fill_piece(piece, &random);
        if (write(file, piece, PIECE_WORDS * sizeof *piece) != PIECE_WORDS * sizeof *piece) {
          say("cache: cannot write %s: %s", path, strerror(errno));
          return 1;
        }
      }
      close(file);
      sizes[slot] = size;
      stored += size;
      written += size;
    } else {
      continue;
    }
    uint64_t now = now_nanos();
    if (now - printed_at >= SECOND_NANOS) {
      say("cache %" PRIu64 " stored %" PRIu64 " written %" PRIu64 " read %" PRIu64 " sum %016" PRIx64, ++line, stored,
          written, read_back, sum);
      printed_at = now;
      if (ended(line)) {
        return 0;
      }
    }
    next += SECOND_NANOS / rate;
    if (next < now) {
      next = now;
    }
    sleep_until(next);
  }
}

// --- compute: as much work as the processor gives -----------------------------------------------------------------

enum { TABLE_WORDS = 32 * 1024, UNIT_STEPS = 20000 }; // a table of 256 KiB; one unit of work is well below 1 ms

static int compute(void) {
  uint64_t *table = allocate(TABLE_WORDS * sizeof *table);
  uint64_t state = seed;
  uint64_t work = 0;
  uint64_t line = 0;
  uint64_t printed_at = now_nanos();
  for (;;) {
    for (int step = 0; step < UNIT_STEPS; step++) {
      uint64_t mixed = splitmix64(&state);
      table[mixed % TABLE_WORDS] += mixed;
    }
    work++;
    uint64_t now = now_nanos();
    if (now - printed_at >= SECOND_NANOS) {
      printed_at += SECOND_NANOS;
      if (now - printed_at >= SECOND_NANOS) {
        printed_at = now;
      }
      say("work %" PRIu64, work);
      if (ended(++line)) {
        return 0;
      }
    }
  }
}

// --- disk: random writes at a set rate, each checked before it is overwritten -----------------------------------------

enum { RUN_WORDS = 4096 }; // 32 KiB go to the disk at once

static void fill_run(uint64_t *words, uint64_t number) {
  uint64_t state = seed + number * UINT64_C(0xd1342543de82ef95);
  for (size_t i = 0; i < RUN_WORDS; i++) {
    words[i] = splitmix64(&state);
  }
}

// Memory knows which write each run of the file holds, and the page cache is passed by. So a disk and a memory that are
// not of one and the same moment show as a CORRUPT line.
static int disk(void) {
  static const uint64_t bytes = RUN_WORDS * sizeof(uint64_t);
  uint64_t runs = number_argument("size", 64) * MIB / bytes;
  uint64_t rate = number_argument("rate", 10) * MIB / bytes; // MiB a second
  if (runs == 0 || rate == 0) {
    say("disk: ff.size and ff.rate must be at least 1");
    return 1;
  }
  uint64_t *numbers = allocate(runs * sizeof *numbers);
  uint64_t *wanted = allocate(bytes);
  uint64_t *found = allocate(bytes);
  int file = open("/tmp/disk", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
  if (file < 0 || (errno = posix_fallocate(file, 0, (off_t)(runs * bytes))) != 0) {
    say("disk: cannot make /tmp/disk of %" PRIu64 " MiB on a disk (ff.root): %s", runs * bytes / MIB, strerror(errno));
    return 1;
  }
  random_t random;
  seed_random(&random, seed);
  uint64_t next = now_nanos();
  uint64_t printed_at = next;
  uint64_t synced_at = next;
  uint64_t printed = 0;
  uint64_t line = 0;
  for (uint64_t number = 1;; number++) {
    uint64_t run = next_random(&random) % runs;
    off_t place = (off_t)(run * bytes);
    if (numbers[run] != 0) {
      fill_run(wanted, numbers[run]);
      if (pread(file, found, bytes, place) != (ssize_t)bytes || memcmp(wanted, found, bytes) != 0) {
        say("CORRUPT disk: run %" PRIu64 " does not hold write %" PRIu64, run, numbers[run]);
      }
    }
    fill_run(wanted, number);
    if (pwrite(file, wanted, bytes, place) != (ssize_t)bytes) {
      say("disk: cannot write: %s", strerror(errno));
      return 1;
    }
    numbers[run] = number;
    uint64_t now = now_nanos();
    if (now - synced_at >= SECOND_NANOS / 10) {
      fdatasync(file);
      synced_at = now;
    }
    if (now - printed_at >= SECOND_NANOS) {
      say("disk %" PRIu64 " rate %" PRIu64 " written %" PRIu64, ++line,
          (number - printed) * bytes * SECOND_NANOS / (now - printed_at), number * bytes);
      printed_at = now;
      printed = number;
      if (ended(line)) {
        return 0;
      }
    }
    next += SECOND_NANOS / rate;
    if (next < now) {
      next = now;
    }
    sleep_until(next);
  }
}

// --- build: a compiler at work on a disk ----------------------------------------------------------------------------

static int build(void) {
  static const char script[] = "/run/guest/bin/build"; // a system on a disk (ff.root) finds the initramfs there
  if (access(script, R_OK) == 0) {
    char end[32];
    snprintf(end, sizeof end, "%" PRIu64, end_after);
    execl("/bin/sh", "sh", script, end, NULL);
  }
  say("build: there is no compiler here: it is on the disk of the profile debian-build");
  return 1;
}

// --- fetch: input from a network ------------------------------------------------------------------------------------

static int fetch(void) {
  static const char *const scripts[] = {"/bin/fetch", "/run/guest/bin/fetch"};
  const char *address = text_argument("address", NULL);
  if (address == NULL) {
    say("fetch: ff.address is to be this machine's address, such as 10.0.2.15");
    return 1;
  }
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    if (access(scripts[i], R_OK) == 0) {
      char pause[32];
      char end[32];
      snprintf(pause, sizeof pause, "%" PRIu64, number_argument("interval", 200));
      snprintf(end, sizeof end, "%" PRIu64, end_after);
      execl("/bin/sh", "sh", scripts[i], address, text_argument("server", "10.0.2.2"), text_argument("file", "uuid"), pause,
            end, NULL);
    }
  }
  say("fetch: it is in the initramfs with drivers, initramfs-disk.cpio.gz");
  return 1;
}

// --------------------------------------------------------------------------------------------------------------------

int run_workload(void) {
  static const struct {
    const char *name;
    int (*run)(void);
  } workloads[] = {
      {"ticker", ticker}, {"idle", idle}, {"random", random_pages}, {"cache", cache}, {"compute", compute},
      {"disk", disk},
      {"build", build},
      {"fetch", fetch},
  };
  end_after = number_argument("end", 0);
  seed = text_argument("seed", NULL) != NULL ? number_argument("seed", 0) : seed_of_kernel();
  const char *name = text_argument("workload", "ticker");
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(workloads[i].name, name) == 0) {
      say("workload %s seed %" PRIu64, name, seed);
      return workloads[i].run();
    }
  }
  say("workload: there is no ff.workload=%s (ticker, idle, random, cache, compute, disk, build, fetch)", name);
  return 1;
}

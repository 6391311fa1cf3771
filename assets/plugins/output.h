// A plugin's arguments and what it says: one JSON object of whole numbers, in a file that is either whole or not there.
#ifndef FREEZEFRAME_OUTPUT_H
#define FREEZEFRAME_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// One line on standard error, with the plugin's name in front. Always false, so that a check can end with it.
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A whole number from `least` to `most`; complains and returns false otherwise. With `sizes` it may end in k, m or g.
bool whole_number(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *number);
bool size_number(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *number);

// A file that gets its name only by finish_file. Until then it has `.part` behind it.
struct output_file {
  const char *path; // as it was given; lives as long as QEMU
  FILE *file;
};

bool begin_file(struct output_file *output, const char *path);
bool finish_file(struct output_file *output);

// The members of the object, in the order of the calls.
void begin_json(struct output_file *output);
void json_number(const char *name, uint64_t value);
void json_text(const char *name, const char *value); // of letters, digits and what needs no escape
void begin_json_object(const char *name);
void end_json_object(void);
void end_json(void);

#endif

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

static FILE *json;
static bool first_member;

bool complain(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fprintf(stderr, "freezeframe plugin %s: ", plugin_name);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  return false;
}

static bool number_of(const char *name, const char *value, bool sizes, uint64_t least, uint64_t most, uint64_t *number) {
  char *end = NULL;
  errno = 0;
  unsigned long long parsed = *value >= '0' && *value <= '9' ? strtoull(value, &end, 10) : 0;
  bool sound = end != NULL && errno == 0;
  if (sound && sizes && *end != '\0' && strchr("kmg", *end) != NULL) {
    unsigned shift = *end == 'k' ? 10 : *end == 'm' ? 20 : 30;
    sound = parsed <= UINT64_MAX >> shift;
    parsed <<= shift;
    end++;
  }
  if (!sound || *end != '\0' || parsed < least || parsed > most) {
    return complain("%s=%s is not a whole number from %" PRIu64 " to %" PRIu64 "%s", name, value, least, most,
                    sizes ? ", or one with k, m or g behind it" : "");
  }
  *number = parsed;
  return true;
}

bool whole_number(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *number) {
  return number_of(name, value, false, least, most, number);
}

bool size_number(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *number) {
  return number_of(name, value, true, least, most, number);
}

static bool part_name(const char *path, char *part) {
  int length = snprintf(part, PATH_MAX, "%s.part", path);
  return length > 0 && length < PATH_MAX ? true : complain("the name %s is too long", path);
}

bool begin_file(struct output_file *output, const char *path) {
  char part[PATH_MAX];
  if (!part_name(path, part)) {
    return false;
  }
  output->path = path;
  output->file = fopen(part, "we");
  return output->file != NULL ? true : complain("cannot write %s: %s; name a file in a folder that is there", part,
                                                strerror(errno));
}

bool finish_file(struct output_file *output) {
  char part[PATH_MAX];
  if (output->file == NULL || !part_name(output->path, part)) {
    return false;
  }
  bool written = !ferror(output->file);
  errno = 0;
  written = fclose(output->file) == 0 && written;
  output->file = NULL;
  if (written && rename(part, output->path) == 0) {
    return true;
  }
  complain("cannot write %s: %s; make room, and run this again", output->path, errno != 0 ? strerror(errno) : "the disk refused it");
  unlink(part);
  return false;
}

static void begin_member(const char *name) {
  fprintf(json, "%s\"%s\": ", first_member ? "" : ", ", name);
  first_member = false;
}

void begin_json(struct output_file *output) {
  json = output->file;
  first_member = true;
  fputc('{', json);
}

void json_number(const char *name, uint64_t value) {
  begin_member(name);
  fprintf(json, "%" PRIu64, value);
}

void json_text(const char *name, const char *value) {
  begin_member(name);
  fprintf(json, "\"%s\"", value);
}

void begin_json_object(const char *name) {
  begin_member(name);
  fputc('{', json);
  first_member = true;
}

void end_json_object(void) {
  fputc('}', json);
  first_member = false;
}

void end_json(void) { fputs("}\n", json); }

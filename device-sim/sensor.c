/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor.h"

#include <inttypes.h>
#include <stdio.h>

static int32_t anew(struct rng *rng, const struct field *field) {
  if (field->kind == FIELD_NUMBER)
    return rng_range(rng, field->min, field->max);
  const int32_t last =
      field->kind == FIELD_BOOLEAN ? 1 : (int32_t)field->choices - 1;
  return rng_range(rng, 0, last);
}

void sensor_init(struct sensor *sensor, const struct profile *profile,
                 uint64_t seed, uint32_t device) {
  sensor->profile = profile;
  rng_init(&sensor->rng, seed, device, RNG_SENSOR);
  for (size_t i = 0; i < profile->fields; i++)
    sensor->value[i] = anew(&sensor->rng, &profile->field[i]);
}

static int32_t walk(struct rng *rng, const struct field *field,
                    int32_t value) {
  const int64_t next =
      (int64_t)value +
      rng_range(rng, -field->step, field->falls ? 0 : field->step);
  if (next < field->min)
    return field->min;
  return next > field->max ? field->max : (int32_t)next;
}

static void change(struct rng *rng, const struct field *field,
                   int32_t *value) {
  if (field->every == 0 ||
      (field->every > 1 && rng_range(rng, 1, (int32_t)field->every) > 1))
    return;
  *value = field->kind == FIELD_NUMBER ? walk(rng, field, *value)
                                       : anew(rng, field);
}

static int print_number(char *out, size_t cap, int32_t value,
                        unsigned decimals) {
  static const int32_t unit[DECIMALS_MAX + 1] = {1, 10, 100, 1000};
  const char *sign = value < 0 ? "-" : "";
  const int32_t size = value < 0 ? -value : value;
  if (decimals == 0)
    return snprintf(out, cap, "%s%" PRId32, sign, size);
  return snprintf(out, cap, "%s%" PRId32 ".%0*" PRId32, sign,
                  size / unit[decimals], (int)decimals, size % unit[decimals]);
}

static int print_value(char *out, size_t cap, const struct field *field,
                       int32_t value) {
  switch (field->kind) {
  case FIELD_NUMBER:
    return print_number(out, cap, value, field->decimals);
  case FIELD_BOOLEAN:
    return snprintf(out, cap, "%s", value ? "true" : "false");
  case FIELD_CHOICE:
    return snprintf(out, cap, "\"%s\"", field->choice[value]);
  }
  return 0;
}

/* What a profile may hold is bounded so that this fits: see profile_file.c. */
size_t sensor_read(struct sensor *sensor, char text[READING_MAX], uint32_t seq,
                   uint64_t time_ms) {
  const struct profile *profile = sensor->profile;
  size_t at =
      (size_t)snprintf(text, READING_MAX,
                       "{\"time\":%" PRIu64 ".%03" PRIu64 ",\"seq\":%" PRIu32,
                       time_ms / 1000, time_ms % 1000, seq);
  for (size_t i = 0; i < profile->fields; i++) {
    const struct field *field = &profile->field[i];
    change(&sensor->rng, field, &sensor->value[i]);
    at +=
        (size_t)snprintf(text + at, READING_MAX - at, ",\"%s\":", field->name);
    at += (size_t)print_value(text + at, READING_MAX - at, field,
                              sensor->value[i]);
  }
  text[at++] = '}';
  text[at] = '\0';
  return at;
}

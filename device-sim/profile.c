/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLACES 4u
#define TENTH "%" PRId32 ".%" PRId32
#define IN_TENTHS(value) (value) / 10, (value) % 10

struct walk {
  int32_t min, max, step;
};

/* Tenths; never negative, which keeps the sign out of the division. */
static const struct {
  const char *name;
  struct walk first, second;
} profiles[PROFILE_COUNT] = {
    [PROFILE_TEMPERATURE] = {"temperature", {160, 260, 2}, {300, 650, 5}},
    [PROFILE_HEART_RATE] = {"heart-rate", {480, 1450, 40}, {940, 1000, 5}},
    [PROFILE_DOOR] = {"door", {0, 1, 1}, {0, 0, 0}},
    [PROFILE_POWER] = {"power", {300, 32000, 900}, {2250, 2350, 4}},
};

static const char *const rooms[PLACES] = {"bedroom", "kitchen", "bathroom",
                                          "nursery"};
static const char *const people[PLACES] = {"anna", "ben", "carla", "dora"};
static const char *const doors[PLACES] = {"front", "garden", "garage",
                                          "medicine"};
static const char *const appliances[PLACES] = {"oven", "heater", "washer",
                                               "charger"};

const char *profile_name(enum profile profile) {
  return profiles[profile].name;
}

bool profile_find(enum profile *profile, const char *name) {
  for (unsigned i = 0; i < PROFILE_COUNT; i++) {
    if (strcmp(profiles[i].name, name) == 0) {
      *profile = (enum profile)i;
      return true;
    }
  }
  return false;
}

void sensor_init(struct sensor *sensor, enum profile profile, uint64_t seed,
                 uint32_t device) {
  const struct walk *first = &profiles[profile].first;
  const struct walk *second = &profiles[profile].second;
  struct rng *rng = &sensor->rng;
  rng_init(rng, seed, device, RNG_SENSOR);
  sensor->profile = (uint8_t)profile;
  sensor->place = (uint8_t)rng_range(rng, 0, PLACES - 1);
  sensor->battery = rng_range(rng, 400, 1000);
  sensor->first = rng_range(rng, first->min, first->max);
  sensor->second = rng_range(rng, second->min, second->max);
}

static void take_step(struct rng *rng, int32_t *value,
                      const struct walk *walk) {
  *value += rng_range(rng, -walk->step, walk->step);
  if (*value < walk->min)
    *value = walk->min;
  if (*value > walk->max)
    *value = walk->max;
}

static int print_fields(const struct sensor *s, char *out, size_t cap) {
  const int32_t percent = s->battery / 10;
  switch ((enum profile)s->profile) {
  case PROFILE_TEMPERATURE:
    return snprintf(out, cap,
                    "\"temperature\":" TENTH ",\"humidity\":" TENTH
                    ",\"battery\":%" PRId32 ",\"location\":\"%s\"}",
                    IN_TENTHS(s->first), IN_TENTHS(s->second), percent,
                    rooms[s->place]);
  case PROFILE_HEART_RATE:
    return snprintf(out, cap,
                    "\"heart_rate\":%" PRId32 ",\"spo2\":%" PRId32
                    ",\"battery\":%" PRId32 ",\"wearer\":\"%s\"}",
                    s->first / 10, s->second / 10, percent, people[s->place]);
  case PROFILE_DOOR:
    return snprintf(out, cap,
                    "\"open\":%s,\"battery\":%" PRId32
                    ",\"door\":\"%s\",\"opened_by\":\"%s\"}",
                    s->first ? "true" : "false", percent, doors[s->place],
                    people[s->place]);
  case PROFILE_POWER:
    return snprintf(out, cap,
                    "\"power\":" TENTH ",\"voltage\":" TENTH
                    ",\"frequency\":50,\"appliance\":\"%s\"}",
                    IN_TENTHS(s->first), IN_TENTHS(s->second),
                    appliances[s->place]);
  }
  return 0;
}

size_t sensor_read(struct sensor *sensor, char text[READING_MAX], uint32_t seq,
                   uint64_t time_ms) {
  struct rng *rng = &sensor->rng;
  take_step(rng, &sensor->first, &profiles[sensor->profile].first);
  take_step(rng, &sensor->second, &profiles[sensor->profile].second);
  if (sensor->battery > 10 && rng_range(rng, 0, 9) == 0)
    sensor->battery--;
  const int head =
      snprintf(text, READING_MAX,
               "{\"time\":%" PRIu64 ".%03" PRIu64 ",\"seq\":%" PRIu32 ",",
               time_ms / 1000, time_ms % 1000, seq);
  const int tail =
      print_fields(sensor, text + head, READING_MAX - (size_t)head);
  return (size_t)head + (size_t)tail;
}

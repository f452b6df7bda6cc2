/* SPDX-License-Identifier: Apache-2.0 */
/* sensor.h - one simulated sensor: the readings of its profile. */
#ifndef WK_SIM_SENSOR_H
#define WK_SIM_SENSOR_H

#include "profile.h"
#include "rng.h"

struct sensor {
  const struct profile *profile;
  struct rng rng;
  int32_t value[FIELDS_MAX]; /* a number, 0 or 1, or which choice */
};

void sensor_init(struct sensor *sensor, const struct profile *profile,
                 uint64_t seed, uint32_t device);

/* The next reading; returns its length, text is NUL-terminated. */
size_t sensor_read(struct sensor *sensor, char text[READING_MAX], uint32_t seq,
                   uint64_t time_ms);

#endif

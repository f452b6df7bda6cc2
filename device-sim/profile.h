/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - what the simulated sensors measure. Every reading is one JSON
 * object with "time" (Unix seconds) and "seq", then the profile's own fields:
 * some are harmless, some tell about the people around the sensor.
 *
 *   profile      harmless                       private
 *   temperature  temperature humidity battery   location
 *   heart-rate   battery                        heart_rate spo2 wearer
 *   door         battery                        open door opened_by
 *   power        voltage frequency              power appliance
 *
 * Values are whole tenths that walk at random, so a seed gives the same text
 * on every machine.
 */
#ifndef WK_SIM_PROFILE_H
#define WK_SIM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rng.h"

#define READING_MAX 224u /* bytes of JSON */

enum profile {
  PROFILE_TEMPERATURE,
  PROFILE_HEART_RATE,
  PROFILE_DOOR,
  PROFILE_POWER
};
#define PROFILE_COUNT (PROFILE_POWER + 1)

/* "temperature", "heart-rate", "door", "power". */
const char *profile_name(enum profile profile);

/* False when no profile has that name. */
bool profile_find(enum profile *profile, const char *name);

struct sensor {
  struct rng rng;
  int32_t first, second; /* the values that walk, in tenths */
  int32_t battery;       /* per mille */
  uint8_t profile;
  uint8_t place; /* which room, person, door or appliance */
};

void sensor_init(struct sensor *sensor, enum profile profile, uint64_t seed,
                 uint32_t device);

/* The next reading; returns its length, text is NUL-terminated. */
size_t sensor_read(struct sensor *sensor, char text[READING_MAX], uint32_t seq,
                   uint64_t time_ms);

#endif

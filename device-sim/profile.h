/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - what the simulated sensors measure: four profiles of our own,
 * or those of a file of schemas/sim-profiles.schema.json. Every reading is one
 * JSON object with "time" (Unix seconds) and "seq", then the profile's fields.
 *
 *   profile      harmless                       private
 *   temperature  temperature humidity battery   location
 *   heart-rate   battery                        heart_rate spo2 wearer
 *   door         battery                        open door opened_by
 *   power        voltage frequency              power appliance
 */
#ifndef WK_SIM_PROFILE_H
#define WK_SIM_PROFILE_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include <whitekey/why.h>

#include "habits.h"

#define READING_MAX 256u /* bytes of JSON, and a NUL */
#define NAME_MAX_LEN 32u /* of profiles, fields and choices */
#define FIELDS_MAX 12u
#define CHOICES_MAX 16u
#define DECIMALS_MAX 3u

enum field_kind { FIELD_NUMBER, FIELD_BOOLEAN, FIELD_CHOICE };

/* One member of a reading. Numbers are whole, counted in units of the last
 * decimal, so that a seed gives the same text on every machine. */
struct field {
  const char *name;
  enum field_kind kind;
  uint32_t every; /* changes with one reading in so many; 0: never */
  int32_t min, max, step;
  bool falls; /* only ever downwards: a battery */
  uint8_t decimals;
  uint8_t choices;
  const char *choice[CHOICES_MAX];
};

struct profile {
  const char *name; /* the last level of the topic */
  uint32_t share;   /* so many devices of a mix, next to the others' shares */
  struct habits habits;
  size_t fields;
  struct field field[FIELDS_MAX];
};

struct profiles {
  struct profile *all;
  size_t count;
  uint32_t round; /* all shares */
  cJSON *tree;    /* holds the names of a file's profiles, else NULL */
};

/*
 * Those of the file, or our own where path is NULL; habits holds for what a
 * profile does not say itself. WK_ERR_MALFORMED names file and member; else as
 * wk_file_read(). profiles_close() is due even after a failure.
 */
WK_MUST_CHECK enum wk_err profiles_open(struct profiles *profiles,
                                        const char *path,
                                        const struct habits *habits,
                                        struct wk_why *why);
void profiles_close(struct profiles *profiles);

/* NULL: none has that name. */
const struct profile *profiles_find(const struct profiles *profiles,
                                    const char *name);

/* Whose turn it is in a mix: each takes its share, in their order. */
const struct profile *profiles_turn(const struct profiles *profiles,
                                    uint32_t device);

/* ---- profile_file.c ----------------------------------------------------- */

WK_MUST_CHECK enum wk_err profiles_read(struct profiles *profiles,
                                        const char *path,
                                        const struct habits *habits,
                                        struct wk_why *why);

/* Those of text[len]; path is for errors. */
WK_MUST_CHECK enum wk_err profiles_parse(struct profiles *profiles,
                                         const char *text, size_t len,
                                         const char *path,
                                         const struct habits *habits,
                                         struct wk_why *why);

#endif

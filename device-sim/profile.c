/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#define OWN 4u
#define BATTERY                                                               \
  {                                                                           \
    .name = "battery", .every = 20, .min = 20, .max = 100, .step = 1,         \
    .falls = true                                                             \
  }
#define ROOMS                                                                 \
  { "bedroom", "kitchen", "bathroom", "nursery" }
#define PEOPLE                                                                \
  { "anna", "ben", "carla", "dora" }
#define DOORS                                                                 \
  { "front", "garden", "garage", "medicine" }
#define APPLIANCES                                                            \
  { "oven", "heater", "washer", "charger" }

/* A number that walks at random, with one decimal. */
#define WALK(title, low, high, most)                                          \
  {                                                                           \
    .name = (title), .every = 1, .min = (low), .max = (high), .step = (most), \
    .decimals = 1                                                             \
  }
#define WHOLE(title, low, high, most)                                         \
  { .name = (title), .every = 1, .min = (low), .max = (high), .step = (most) }
#define CHOICE(title, changes, ...)                                           \
  {                                                                           \
    .name = (title), .kind = FIELD_CHOICE, .every = (changes), .choices = 4,  \
    .choice = __VA_ARGS__                                                     \
  }

static const struct profile own[OWN] = {
    {.name = "temperature",
     .share = 1,
     .fields = 4,
     .field = {WALK("temperature", 160, 260, 2), WALK("humidity", 300, 650, 5),
               BATTERY, CHOICE("location", 0, ROOMS)}},
    {.name = "heart-rate",
     .share = 1,
     .fields = 4,
     .field = {WHOLE("heart_rate", 48, 145, 4), WHOLE("spo2", 94, 100, 1),
               BATTERY, CHOICE("wearer", 0, PEOPLE)}},
    {.name = "door",
     .share = 1,
     .fields = 4,
     .field = {{.name = "open", .kind = FIELD_BOOLEAN, .every = 2},
               BATTERY,
               CHOICE("door", 0, DOORS),
               CHOICE("opened_by", 2, PEOPLE)}},
    {.name = "power",
     .share = 1,
     .fields = 4,
     .field = {WALK("power", 300, 32000, 900), WALK("voltage", 2250, 2350, 4),
               WHOLE("frequency", 50, 50, 1),
               CHOICE("appliance", 0, APPLIANCES)}},
};

static enum wk_err open_own(struct profiles *profiles,
                            const struct habits *habits, struct wk_why *why) {
  profiles->all = malloc(sizeof own);
  if (!profiles->all)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  memcpy(profiles->all, own, sizeof own);
  profiles->count = OWN;
  for (size_t i = 0; i < OWN; i++)
    profiles->all[i].habits = *habits;
  return WK_OK;
}

enum wk_err profiles_open(struct profiles *profiles, const char *path,
                          const struct habits *habits, struct wk_why *why) {
  *profiles = (struct profiles){0};
  const enum wk_err err = path ? profiles_read(profiles, path, habits, why)
                               : open_own(profiles, habits, why);
  for (size_t i = 0; i < profiles->count; i++)
    profiles->round += profiles->all[i].share;
  return err;
}

void profiles_close(struct profiles *profiles) {
  free(profiles->all);
  cJSON_Delete(profiles->tree);
  *profiles = (struct profiles){0};
}

const struct profile *profiles_find(const struct profiles *profiles,
                                    const char *name) {
  for (size_t i = 0; i < profiles->count; i++) {
    if (strcmp(profiles->all[i].name, name) == 0)
      return &profiles->all[i];
  }
  return NULL;
}

const struct profile *profiles_turn(const struct profiles *profiles,
                                    uint32_t device) {
  uint32_t left = device % profiles->round;
  size_t i = 0;
  while (left >= profiles->all[i].share)
    left -= profiles->all[i++].share;
  return &profiles->all[i];
}

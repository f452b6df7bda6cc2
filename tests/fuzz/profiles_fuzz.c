/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the simulator's profiles; what is taken makes readings. */
#include <string.h>

#include "fuzz.h"
#include "sensor.h"

#define READINGS 3u

static void measure(const struct profile *profile) {
  struct sensor sensor;
  char text[READING_MAX];
  sensor_init(&sensor, profile, 1, 0);
  for (uint32_t seq = 0; seq < READINGS; seq++) {
    const size_t len = sensor_read(&sensor, text, seq, UINT64_MAX);
    FUZZ_CHECK(len < sizeof text && strlen(text) == len);
    cJSON *reading = cJSON_Parse(text);
    FUZZ_CHECK(cJSON_GetArraySize(reading) == 2 + (int)profile->fields);
    cJSON_Delete(reading);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct habits habits = {.rate = 1, .awake = 1};
  struct profiles profiles = {0};
  struct wk_why why;
  if (profiles_parse(&profiles, (const char *)data, size, "f", &habits,
                     &why) == WK_OK) {
    FUZZ_CHECK(profiles.count > 0);
    for (size_t i = 0; i < profiles.count; i++) {
      const struct profile *profile = &profiles.all[i];
      FUZZ_CHECK(profiles_find(&profiles, profile->name) == profile);
      measure(profile);
    }
  }
  profiles_close(&profiles);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <cjson/cJSON.h>

#include "profile.h"

Test(profile, find__every_name_and_no_other) {
  enum profile found;
  for (unsigned i = 0; i < PROFILE_COUNT; i++) {
    cr_assert(profile_find(&found, profile_name((enum profile)i)));
    cr_assert_eq(found, i);
  }
  cr_assert(!profile_find(&found, "mix"));
  cr_assert(!profile_find(&found, "Door"));
  cr_assert(!profile_find(&found, ""));
}

Test(sensor, read__same_seed_same_readings) {
  for (unsigned i = 0; i < PROFILE_COUNT; i++) {
    struct sensor a;
    struct sensor b;
    char text_a[READING_MAX];
    char text_b[READING_MAX];
    sensor_init(&a, (enum profile)i, 42, 5);
    sensor_init(&b, (enum profile)i, 42, 5);
    for (uint32_t seq = 1; seq < 200; seq++) {
      (void)sensor_read(&a, text_a, seq, 1000);
      (void)sensor_read(&b, text_b, seq, 1000);
      cr_assert_str_eq(text_a, text_b);
    }
  }
}

Test(sensor, read__another_seed_or_device_reads_otherwise) {
  struct sensor s[3];
  char text[3][READING_MAX];
  sensor_init(&s[0], PROFILE_POWER, 42, 5);
  sensor_init(&s[1], PROFILE_POWER, 43, 5);
  sensor_init(&s[2], PROFILE_POWER, 42, 6);
  for (size_t i = 0; i < 3; i++)
    (void)sensor_read(&s[i], text[i], 1, 1000);
  cr_assert_str_neq(text[0], text[1]);
  cr_assert_str_neq(text[0], text[2]);
}

/* A reading is an object of numbers, strings and booleans that fits. */
Test(sensor, read__json_of_plain_members) {
  for (unsigned i = 0; i < PROFILE_COUNT; i++) {
    struct sensor s;
    sensor_init(&s, (enum profile)i, 1, i);
    for (uint32_t n = 0; n < 2000; n++) {
      char text[READING_MAX];
      const size_t len = sensor_read(&s, text, UINT32_MAX - n, UINT64_MAX / 2);
      cr_assert_lt(len, READING_MAX);
      cr_assert_eq(len, strlen(text));
      cJSON *object = cJSON_Parse(text);
      cr_assert(cJSON_IsObject(object), "%s", text);
      cr_assert(cJSON_GetArraySize(object) >= 6, "%s", text);
      const cJSON *member = NULL;
      cJSON_ArrayForEach(member, object) {
        cr_assert(cJSON_IsNumber(member) || cJSON_IsString(member) ||
                  cJSON_IsBool(member));
      }
      cJSON_Delete(object);
    }
  }
}

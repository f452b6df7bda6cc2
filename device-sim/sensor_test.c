/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "sensor.h"

static struct profiles own;
static const struct habits habits = {.rate = 1, .awake = 1};

static void open_own(void) {
  cr_assert_eq(profiles_open(&own, NULL, &habits, NULL), WK_OK);
}

static void close_own(void) {
  profiles_close(&own);
}

TestSuite(sensor, .init = open_own, .fini = close_own);

Test(sensor, read__same_seed_same_readings) {
  for (size_t i = 0; i < own.count; i++) {
    struct sensor a;
    struct sensor b;
    char text_a[READING_MAX];
    char text_b[READING_MAX];
    sensor_init(&a, &own.all[i], 42, 5);
    sensor_init(&b, &own.all[i], 42, 5);
    for (uint32_t seq = 1; seq < 200; seq++) {
      (void)sensor_read(&a, text_a, seq, 1000);
      (void)sensor_read(&b, text_b, seq, 1000);
      cr_assert_str_eq(text_a, text_b);
    }
  }
}

Test(sensor, read__another_seed_or_device_reads_otherwise) {
  const struct profile *power = profiles_find(&own, "power");
  struct sensor s[3];
  char text[3][READING_MAX];
  sensor_init(&s[0], power, 42, 5);
  sensor_init(&s[1], power, 43, 5);
  sensor_init(&s[2], power, 42, 6);
  for (size_t i = 0; i < 3; i++)
    (void)sensor_read(&s[i], text[i], 1, 1000);
  cr_assert_str_neq(text[0], text[1]);
  cr_assert_str_neq(text[0], text[2]);
}

/* A reading is an object of numbers, strings and booleans that fits. */
Test(sensor, read__json_of_plain_members) {
  for (unsigned i = 0; i < own.count; i++) {
    struct sensor s;
    sensor_init(&s, &own.all[i], 1, i);
    for (uint32_t n = 0; n < 2000; n++) {
      char text[READING_MAX];
      const size_t len = sensor_read(&s, text, UINT32_MAX - n, UINT64_MAX / 2);
      cr_assert_lt(len, READING_MAX);
      cr_assert_eq(len, strlen(text));
      cJSON *object = cJSON_Parse(text);
      cr_assert(cJSON_IsObject(object), "%s", text);
      cr_assert_eq(cJSON_GetArraySize(object), 6, "%s", text);
      const cJSON *member = NULL;
      cJSON_ArrayForEach(member, object) {
        cr_assert(cJSON_IsNumber(member) || cJSON_IsString(member) ||
                  cJSON_IsBool(member));
      }
      cJSON_Delete(object);
    }
  }
}

static const struct profile probe = {
    .name = "probe",
    .fields = 3,
    .field = {
        {.name = "v",
         .every = 1,
         .min = -1005,
         .max = 7,
         .step = 400,
         .decimals = 2},
        {.name = "left", .every = 2, .max = 50, .step = 1, .falls = true},
        {.name = "at",
         .kind = FIELD_CHOICE,
         .choices = 2,
         .choice = {"a", "b"}}}};

Test(sensor, read__numbers_stay_within_falls_fall_and_the_rest_stays) {
  struct sensor s;
  sensor_init(&s, &probe, 7, 7);
  double left = s.value[1];
  const int32_t at = s.value[2];
  double low = 0;
  for (uint32_t seq = 1; seq < 500; seq++) {
    char text[READING_MAX];
    (void)sensor_read(&s, text, seq, 1);
    cJSON *object = cJSON_Parse(text);
    const double v = cJSON_GetObjectItem(object, "v")->valuedouble;
    const double now = cJSON_GetObjectItem(object, "left")->valuedouble;
    cr_assert(v >= -10.05 && v <= 0.07, "%s", text);
    cr_assert(now <= left && now >= left - 1, "%s", text);
    cr_assert_eq(s.value[2], at);
    left = now;
    low = v < low ? v : low;
    cJSON_Delete(object);
  }
  cr_assert_eq(left, 0);
  cr_assert_lt(low, -10);
}

Test(sensor, read__negative_numbers_are_written_as_such) {
  static const struct profile cold = {
      .name = "cold",
      .fields = 2,
      .field = {{.name = "a", .min = -5, .max = -5, .decimals = 1},
                {.name = "b", .min = -12, .max = -12}}};
  struct sensor s;
  char text[READING_MAX];
  sensor_init(&s, &cold, 1, 1);
  (void)sensor_read(&s, text, 3, 1500);
  cr_assert_str_eq(text, "{\"time\":1.500,\"seq\":3,\"a\":-0.5,\"b\":-12}");
}

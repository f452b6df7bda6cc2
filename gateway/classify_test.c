/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "classify.h"

static const char text[] =
    "version: 1\n"
    "rules:\n"
    "  - topic: sensors/+/temperature\n"
    "    release: [temperature, place.floor, place.geo.city]\n"
    "    to: public/{topic}\n"
    "  - topic: sensors/+/door\n"
    "    release: [battery]\n"
    "    to: public/batteries\n";

static struct wk_policy_rules *policy;

static void setup(void) {
  cr_assert_eq(wk_policy_parse(&policy, text, strlen(text), "p.yaml", NULL),
               WK_OK);
}

static void teardown(void) {
  wk_policy_free(policy);
}

TestSuite(classify, .init = setup, .fini = teardown);

static void expect(const char *topic, const char *payload, const char *open,
                   const char *secret) {
  struct wk_reading reading;
  cr_assert_eq(wk_classify(&reading, policy, topic, (const uint8_t *)payload,
                           strlen(payload)),
               WK_OK);
  if (open) {
    cr_expect_eq(reading.class, WK_CLASS_SPLIT);
    cr_expect_str_eq(reading.open, open);
  } else {
    cr_expect_eq(reading.class, WK_CLASS_WHOLE);
    cr_expect_null(reading.open);
    cr_expect_null(reading.to);
    secret = payload;
  }
  cr_expect_eq(reading.secret_len, strlen(secret), "%s", payload);
  cr_expect_eq(
      strncmp((const char *)reading.secret, secret, reading.secret_len), 0,
      "%.*s", (int)reading.secret_len, (const char *)reading.secret);
  wk_reading_wipe(&reading);
}

#define T "sensors/a/temperature"

Test(classify, split__named_fields_leave_and_no_other) {
  expect(T, "{\"temperature\":21.5,\"heart\":71}", "{\"temperature\":21.5}",
         "{\"heart\":71}");
  expect(T, " { \"heart\" : 71 , \"temperature\" : -1.50e0 } ",
         "{\"temperature\":-1.50e0}", "{\"heart\":71}");
  expect(T, "{\"temperature\":{\"raw\":[1,2]}}",
         "{\"temperature\":{\"raw\":[1,2]}}", "{}");
}

Test(classify, split__numbers_and_escapes_stay_as_written) {
  expect(T,
         "{\"temperature\":1,\"id\":12345678901234567890,\"n\":\"\\u0000\"}",
         "{\"temperature\":1}",
         "{\"id\":12345678901234567890,\"n\":\"\\u0000\"}");
}

Test(classify, split__nested_paths) {
  expect(T, "{\"place\":{\"floor\":2,\"room\":\"bed\"},\"x\":1}",
         "{\"place\":{\"floor\":2}}",
         "{\"place\":{\"room\":\"bed\"},\"x\":1}");
  expect(T, "{\"place\":{\"geo\":{\"city\":\"K\",\"lat\":1}}}",
         "{\"place\":{\"geo\":{\"city\":\"K\"}}}",
         "{\"place\":{\"geo\":{\"lat\":1}}}");
  expect(T, "{\"place\":{\"floor\":2},\"x\":1}", "{\"place\":{\"floor\":2}}",
         "{\"x\":1}");
  expect(T, "{\"place\":{},\"temperature\":1}", "{\"temperature\":1}",
         "{\"place\":{}}");
  expect(T, "{\"place\":7,\"temperature\":1}", "{\"temperature\":1}",
         "{\"place\":7}");
}

Test(classify, split__lookalike_names_stay_private) {
  expect(T, "{\"temperature\":1,\"temperatures\":2,\"temp\":3,\"\":4}",
         "{\"temperature\":1}", "{\"temperatures\":2,\"temp\":3,\"\":4}");
  expect(T, "{\"temperature\":1,\"\\u0074emperature\":2}",
         "{\"temperature\":1}", "{\"\\u0074emperature\":2}");
  expect(T, "{\"temperature\":1,\"place.floor\":2}", "{\"temperature\":1}",
         "{\"place.floor\":2}");
}

Test(classify, whole__no_rule_no_json_no_released_field) {
  expect("other/topic", "{\"temperature\":1}", NULL, NULL);
  expect(T, "21.5", NULL, NULL);
  expect(T, "", NULL, NULL);
  expect(T, "[{\"temperature\":1}]", NULL, NULL);
  expect(T, "{\"temperature\":1", NULL, NULL);
  expect(T, "{\"temperature\":1} {}", NULL, NULL);
  expect(T, "{\"heart\":71}", NULL, NULL);
  expect(T, "{}", NULL, NULL);
  expect(T, "{\"temperature\":\"\xff\"}", NULL, NULL);
}

Test(classify, whole__first_matching_rule_decides_alone) {
  expect("sensors/a/door", "{\"temperature\":1}", NULL, NULL);
  expect("sensors/a/door", "{\"battery\":9,\"open\":true}", "{\"battery\":9}",
         "{\"open\":true}");
}

Test(classify, every_truncation_is_private) {
  const char json[] = "{\"temperature\":21,\"heart\":71}";
  for (size_t len = 0; len < sizeof json - 1; len++) {
    struct wk_reading reading;
    cr_assert_eq(wk_classify(&reading, policy, T, (const uint8_t *)json, len),
                 WK_OK);
    cr_expect_eq(reading.class, WK_CLASS_WHOLE);
    cr_expect_eq(reading.secret_len, len);
    wk_reading_wipe(&reading);
  }
}

Test(classify, destination__too_long_for_mqtt_is_private) {
  char *topic = malloc(65536);
  memset(topic, 'a', 65535);
  memcpy(topic, "sensors/", 8);
  memcpy(topic + 65535 - 12, "/temperature", 13);
  expect(topic, "{\"temperature\":1}", NULL, NULL);
  free(topic);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "scan.h"

static bool valid(const char *text) {
  return wk_json_valid(text, strlen(text));
}

Test(scan, json_valid__every_kind_of_value) {
  const char *const good[] = {"{}",
                              "[]",
                              " { \"a\" : [ 1 , -0.5e+7 , null ] } \n",
                              "\"\\u00e9\\n\\\"\"",
                              "true",
                              "false",
                              "-0",
                              "10E-2",
                              "12345678901234567890.5",
                              "{\"\":{}}"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    cr_expect(valid(good[i]), "%s", good[i]);
}

Test(scan, json_valid__what_lenient_readers_take_is_refused) {
  const char *const bad[] = {"",         "{",           "{]",
                             "{}{}",     "{a:1}",       "{'a':1}",
                             "{\"a\"}",  "{\"a\":}",    "{\"a\":1,}",
                             "[1,]",     "[1 2]",       "01",
                             "1.",       ".5",          "+1",
                             "1e",       "-",           "NaN",
                             "tru",      "\"\\x\"",     "\"\\u12g4\"",
                             "\"a\nb\"", "\"\xc3\"",    "{,}",
                             "// c\n1",  "{\"a\":1} x", "\"open"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_expect_not(valid(bad[i]), "%s", bad[i]);
  cr_expect_not(wk_json_valid("1\0", 2));
}

Test(scan, json_valid__every_truncation_refused) {
  const char text[] = "{\"a\":[1,{\"b\":\"\\u1234x\"}],\"c\":true}";
  for (size_t len = 0; len < sizeof text - 1; len++)
    cr_expect_not(wk_json_valid(text, len), "%zu bytes", len);
  cr_assert(wk_json_valid(text, sizeof text - 1));
}

Test(scan, json_valid__depth_is_bounded) {
  char text[2 * WK_SCAN_DEPTH_MAX + 2];
  memset(text, '[', WK_SCAN_DEPTH_MAX + 1);
  memset(text + WK_SCAN_DEPTH_MAX + 1, ']', WK_SCAN_DEPTH_MAX + 1);
  cr_assert(wk_json_valid(text + 1, 2 * WK_SCAN_DEPTH_MAX));
  cr_assert_not(wk_json_valid(text, sizeof text));
}

Test(scan, member__gives_the_raw_spans) {
  const char text[] = " { \"a\\n\" : [1, 2] ,\"b\":{\"c\":3}} ";
  struct wk_scan s = {.at = text, .end = text + strlen(text)};
  struct wk_text key;
  struct wk_text val;
  cr_assert(wk_scan_object(&s));
  cr_assert(wk_scan_member(&s, &key, &val));
  cr_assert_eq(key.len, 3);
  cr_assert_eq(strncmp(key.at, "a\\n", 3), 0);
  cr_assert_eq(val.len, 6);
  cr_assert_eq(strncmp(val.at, "[1, 2]", 6), 0);
  cr_assert(wk_scan_member(&s, &key, &val));
  cr_assert_eq(strncmp(val.at, "{\"c\":3}", val.len), 0);
  cr_assert_not(wk_scan_member(&s, &key, &val));
  struct wk_scan array = {.at = "[]", .end = text};
  cr_assert_not(wk_scan_object(&array));
}

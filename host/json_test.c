/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <whitekey/json.h>

static enum wk_err parse(const char *text, struct wk_why *why) {
  cJSON *tree = NULL;
  const enum wk_err err = wk_json_parse(&tree, text, strlen(text), "f", why);
  cJSON_Delete(tree);
  return err;
}

Test(json, parse__names_line_and_column) {
  struct wk_why why;
  cr_assert_eq(parse("{\"a\": 1}\n", &why), WK_OK);
  cr_assert_eq(parse("{\n \"a\": !}", &why), WK_ERR_MALFORMED);
  cr_assert_str_eq(why.text, "f:2:7: not valid JSON");
  cr_assert_eq(parse("{} x", &why), WK_ERR_MALFORMED);
  cr_assert_eq(parse("[]", &why), WK_ERR_MALFORMED);
  cr_assert_str_eq(why.text, "f: not a JSON object");
  cr_assert_eq(parse("", &why), WK_ERR_MALFORMED);
}

/* cJSON ends a string there: "ab\\u0000cd" would pass for "ab". */
Test(json, parse__nul_in_a_string_is_refused) {
  struct wk_why why;
  cr_assert_eq(parse("{\n \"a\": \"b\\u0000c\"}", &why), WK_ERR_MALFORMED);
  cr_assert_str_eq(why.text, "f:2:9: a NUL within JSON");
  cr_assert_eq(parse("{\"a\\u0000\": 1}", &why), WK_ERR_MALFORMED);
  cr_assert_eq(parse("{\"a\": \"\\\\\\u0000\"}", &why), WK_ERR_MALFORMED);
  cr_assert_eq(parse("{\"a\": \"\\\\u0000\"}", &why), WK_OK);
  cr_assert_eq(parse("{\"a\": \"\\u00001\"}", &why), WK_ERR_MALFORMED);
  cr_assert_eq(parse("{\"a\": \"\\u0001\"}", &why), WK_OK);
  static const char bare[] = "{\"a\": \"b\0c\"}";
  cJSON *tree = NULL;
  cr_assert_eq(wk_json_parse(&tree, bare, sizeof bare - 1, "f", &why),
               WK_ERR_MALFORMED);
  cr_assert_null(tree);
}

Test(json, parse__what_is_no_utf_8_is_refused) {
  struct wk_why why;
  cr_assert_eq(parse("{\"a\": \"\xc3\xa4\"}", &why), WK_OK);
  cr_assert_eq(parse("{\"a\": \"\xc3\"}", &why), WK_ERR_MALFORMED);
  cr_assert_str_eq(why.text, "f: not UTF-8");
}

static cJSON *tree_of(const char *text) {
  cJSON *tree = cJSON_Parse(text);
  cr_assert(tree, "%s", text);
  return tree;
}

Test(json, only__unknown_or_repeated_member_is_refused) {
  static const char *const names[] = {"a", "b"};
  static const struct {
    const char *text;
    enum wk_err err;
    const char *sentence;
  } rows[] = {
      {"{}", WK_OK, ""},
      {"{\"b\": 1, \"a\": 2}", WK_OK, ""},
      {"{\"a\": 1, \"c\": 2}", WK_ERR_MALFORMED, "f: \"c\": unknown member"},
      {"{\"A\": 1}", WK_ERR_MALFORMED, "f: \"A\": unknown member"},
      {"{\"a\": 1, \"b\": 2, \"a\": 3}", WK_ERR_MALFORMED,
       "f: \"a\": stands there twice"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct wk_why why = {""};
    cJSON *tree = tree_of(rows[i].text);
    cr_expect_eq(wk_json_only(tree, names, 2, "f", &why), rows[i].err);
    cr_expect_str_eq(why.text, rows[i].sentence);
    cJSON_Delete(tree);
  }
}

Test(json, u32__whole_numbers_within_bounds) {
  static const struct {
    const char *text;
    uint32_t min, max, want;
  } rows[] = {
      {"{\"n\": 0}", 0, 0, 0},
      {"{\"n\": 2}", 2, 4, 2},
      {"{\"n\": 4}", 2, 4, 4},
      {"{\"n\": 1e3}", 0, 1000, 1000},
      {"{\"n\": 4294967295}", 0, UINT32_MAX, UINT32_MAX},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint32_t got = 7;
    cJSON *tree = tree_of(rows[i].text);
    cr_expect_eq(
        wk_json_u32(&got, tree, "n", rows[i].min, rows[i].max, "f", NULL),
        WK_OK);
    cr_expect_eq(got, rows[i].want);
    cJSON_Delete(tree);
  }
}

Test(json, u32__fraction_sign_range_or_type_is_refused) {
  static const struct {
    const char *text;
    const char *sentence;
  } rows[] = {
      {"{\"n\": 1}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": 5}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": 2.5}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": -2}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": 4294967298}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": 1e999}", "f: \"n\": not a whole number from 2 to 4"},
      {"{\"n\": \"3\"}", "f: \"n\": not a number"},
      {"{\"n\": null}", "f: \"n\": not a number"},
      {"{\"N\": 3}", "f: \"n\": missing"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct wk_why why;
    uint32_t got = 7;
    cJSON *tree = tree_of(rows[i].text);
    cr_expect_eq(wk_json_u32(&got, tree, "n", 2, 4, "f", &why),
                 WK_ERR_MALFORMED);
    cr_expect_str_eq(why.text, rows[i].sentence);
    cr_expect_eq(got, 7);
    cJSON_Delete(tree);
  }
}

Test(json, bytes__exact_length_of_unpadded_base64url) {
  static const char *const bad[] = {
      "{\"b\": \"AQID\"}",   "{\"b\": \"AQIDBAU\"}", "{\"b\": \"AQIDBA==\"}",
      "{\"b\": \"AQIDB\"}",  "{\"b\": \"AQID+A\"}",  "{\"b\": \" AQIDBA\"}",
      "{\"b\": \"AQIDBB\"}", "{\"b\": 4}",           "{}",
  };
  const uint8_t want[4] = {1, 2, 3, 4}, zero[4] = {0};
  uint8_t got[4];
  cJSON *tree = tree_of("{\"b\": \"AQIDBA\"}");
  cr_expect_eq(wk_json_bytes(got, 4, tree, "b", "f", NULL), WK_OK);
  cr_expect_arr_eq(got, want, 4);
  cJSON_Delete(tree);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    tree = tree_of(bad[i]);
    cr_expect_eq(wk_json_bytes(got, 4, tree, "b", "f", NULL), WK_ERR_MALFORMED,
                 "%s", bad[i]);
    cr_expect_arr_eq(got, zero, 4);
    cJSON_Delete(tree);
  }
}

/* Error text never repeats a value: it may be a secret. */
Test(json, bytes__sentence_does_not_hold_the_value) {
  struct wk_why why;
  uint8_t got[4];
  cJSON *tree = tree_of("{\"b\": \"c2VjcmV0\"}");
  cr_expect_eq(wk_json_bytes(got, 4, tree, "b", "f", &why), WK_ERR_MALFORMED);
  cr_expect_str_eq(why.text, "f: \"b\": not 4 bytes of unpadded base64url");
  cJSON_Delete(tree);
}

Test(json, text_and_object__wrong_type_or_missing_is_refused) {
  struct wk_why why;
  const char *text = NULL;
  const cJSON *object = NULL;
  cJSON *tree = tree_of("{\"t\": \"x\", \"o\": {}}");
  cr_expect_eq(wk_json_text(&text, tree, "t", "f", &why), WK_OK);
  cr_expect_str_eq(text, "x");
  cr_expect_eq(wk_json_text(&text, tree, "o", "f", &why), WK_ERR_MALFORMED);
  cr_expect_str_eq(why.text, "f: \"o\": not a string");
  cr_expect_eq(wk_json_object(&object, tree, "o", "f", &why), WK_OK);
  cr_expect(cJSON_IsObject(object));
  cr_expect_eq(wk_json_object(&object, tree, "t", "f", &why),
               WK_ERR_MALFORMED);
  cr_expect_str_eq(why.text, "f: \"t\": not an object");
  cr_expect_eq(wk_json_object(&object, tree, "x", "f", &why),
               WK_ERR_MALFORMED);
  cr_expect_str_eq(why.text, "f: \"x\": missing");
  cJSON_Delete(tree);
}

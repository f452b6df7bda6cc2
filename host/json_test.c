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

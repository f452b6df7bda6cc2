/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include <whitekey/role.h>

static const struct {
  const char *filter, *asked;
  bool covered;
} rows[] = {
    {"a/b", "a/b", true},
    {"a/b", "a", false},
    {"a/b", "a/b/c", false},
    {"a/b", "a/+", false},
    {"a/+", "a/b", true},
    {"a/+", "a/", true},
    {"a/+", "a", false},
    {"a/+", "a/+", true},
    {"a/+", "a/#", false},
    {"a/+/c", "a/b/c", true},
    {"a/+/c", "a/+/+", false},
    {"a/#", "a", true},
    {"a/#", "a/b/c", true},
    {"a/#", "a/#", true},
    {"a/#", "a/+/#", true},
    {"a/#", "#", false},
    {"a/#", "+/b", false},
    {"a/#", "ab", false},
    {"#", "a/b", true},
    {"#", "#", true},
    {"#", "$SYS/x", false},
    {"+/x", "$SYS/x", false},
    {"$SYS/#", "$SYS/x", true},
    {"+", "/", false},
    {"+/+", "/", true},
    {"sensors/%u/#", "sensors/thermo-1/t", true},
    {"sensors/%u/#", "sensors/thermo-10/t", false},
    {"sensors/%u/#", "sensors/+/t", false},
    {"sensors/%u-x", "sensors/thermo-1-x", true},
    {"by/%c", "by/cid", true},
    {"by/%c", "by/thermo-1", false},
};

Test(filter, covers__rows) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char list[WK_ROLE_FILTERS_MAX] = "";
    cr_assert_eq(wk_role_add(list, "nothing/else", NULL), WK_OK);
    cr_assert_eq(wk_role_add(list, rows[i].filter, NULL), WK_OK);
    cr_expect_eq(wk_role_covers(list, rows[i].asked, "thermo-1", "cid"),
                 rows[i].covered, "%s of %s", rows[i].asked, rows[i].filter);
  }
}

Test(filter, covers__client_id_that_reaches_further_refused) {
  static const char *const ids[] = {"+", "#", "a/b", "a+", "", "x#"};
  char list[WK_ROLE_FILTERS_MAX] = "";
  cr_assert_eq(wk_role_add(list, "by/%c/#", NULL), WK_OK);
  cr_assert(wk_role_covers(list, "by/good/x", "d", "good"));
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char asked[32];
    (void)snprintf(asked, sizeof asked, "by/%s/x", ids[i]);
    cr_expect_not(wk_role_covers(list, asked, "d", ids[i]), "%s", ids[i]);
  }
  cr_expect_not(wk_role_covers(list, "by//x", "d", NULL));
}

Test(filter, covers__client_id_that_begins_with_a_dollar_refused) {
  char list[WK_ROLE_FILTERS_MAX] = "";
  cr_assert_eq(wk_role_add(list, "%c/#", NULL), WK_OK);
  cr_assert(wk_role_covers(list, "a$/x", "d", "a$"));
  cr_expect_not(wk_role_covers(list, "$SYS/#", "d", "$SYS"));
}

Test(filter, covers__empty_list_covers_nothing) {
  const char list[WK_ROLE_FILTERS_MAX] = "";
  cr_expect_not(wk_role_covers(list, "a", "d", "c"));
}

Test(filter, add__no_filter_refused) {
  static const char *const bad[] = {
      "",      "a#",        "#/a",           "a/b+",
      "a/+b",  "a\nb",      "a/%x",          "%",
      "a/#/b", "whitekey",  "whitekey/#",    "whitekey/v1/+/x4",
      "a\x7f", "a/\x01/b/", "whitekey/v1/#", "$CONTROL/whitekey/v1",
      "a\xff", "\xc2\x9b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char list[WK_ROLE_FILTERS_MAX] = "";
    struct wk_why why = {""};
    cr_expect_eq(wk_role_add(list, bad[i], &why), WK_ERR_ARGUMENT, "%s",
                 bad[i]);
    cr_expect_str_empty(list);
    cr_expect_str_not_empty(why.text);
  }
}

Test(filter, add__full_list_refused_and_left_as_it_was) {
  char list[WK_ROLE_FILTERS_MAX] = "";
  unsigned count = 0;
  while (wk_role_add(list, "0123456789/0123456789", NULL) == WK_OK)
    count++;
  cr_expect_eq(count, (WK_ROLE_FILTERS_MAX - 1) / 22);
  cr_expect_eq(strlen(list), count * 22);
}

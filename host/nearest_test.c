/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <whitekey/nearest.h>

static const char *const names[] = {"broker", "store", "subscribe"};

Test(nearest, nearest__few_letters_apart_finds_the_name) {
  cr_assert_str_eq(wk_nearest("brokr", names, 3), "broker");
  cr_assert_str_eq(wk_nearest("sotre", names, 3), "store");
  cr_assert_str_eq(wk_nearest("subscription", names, 3), "subscribe");
  cr_assert_str_eq(wk_nearest("store", names, 3), "store");
}

Test(nearest, nearest__empty_or_endless_word_still_answers) {
  char endless[301];
  for (size_t i = 0; i < 300; i++)
    endless[i] = 'x';
  endless[300] = '\0';
  cr_assert_str_eq(wk_nearest("", names, 3), "store");
  cr_assert_not_null(wk_nearest(endless, names, 3));
}

Test(nearest, nearest__swapped_neighbours_count_once) {
  static const char *const verbs[] = {"init", "list"};
  cr_assert_str_eq(wk_nearest("lsit", verbs, 2), "list");
}

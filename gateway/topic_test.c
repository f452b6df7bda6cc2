/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "topic.h"

struct match {
  const char filter[24];
  const char topic[24];
  int matches;
};

/* The examples of MQTT 5 section 4.7, and the edges around them. */
ParameterizedTestParameters(topic, matches__table) {
  static struct match rows[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", 1},
      {"sport/tennis/player1/#", "sport/tennis/player1/a", 1},
      {"sport/tennis/player1/#", "sport/tennis/player2", 0},
      {"sport/#", "sport", 1},
      {"sport/#", "sports", 0},
      {"#", "a/b/c", 1},
      {"#", "$SYS/a", 0},
      {"+/a", "$SYS/a", 0},
      {"$SYS/#", "$SYS/a", 1},
      {"sport/tennis/+", "sport/tennis/player1", 1},
      {"sport/tennis/+", "sport/tennis/player1/a", 0},
      {"sport/+", "sport", 0},
      {"sport/+", "sport/", 1},
      {"+/+", "/finance", 1},
      {"/+", "/finance", 1},
      {"+", "/finance", 0},
      {"a/+/c", "a/b/c", 1},
      {"a/+/c", "a/b/d", 0},
      {"a/+/c", "a/b", 0},
      {"a/b", "a/b/c", 0},
      {"a/b/c", "a/b", 0},
      {"a", "b", 0},
      {"+/#", "a", 1},
  };
  return cr_make_param_array(struct match, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct match *row, topic, matches__table) {
  cr_assert_eq(wk_filter_matches(row->filter, row->topic), row->matches != 0,
               "%s on %s", row->filter, row->topic);
}

Test(topic, overlaps__wildcards_on_both_sides) {
  cr_assert(wk_filter_overlaps("a/+", "+/b"));
  cr_assert(wk_filter_overlaps("a/#", "a/b/+"));
  cr_assert(wk_filter_overlaps("a/b/#", "a/+"));
  cr_assert(wk_filter_overlaps("a", "a/#"));
  cr_assert_not(wk_filter_overlaps("a/+", "b/+"));
  cr_assert_not(wk_filter_overlaps("a/+", "a/+/c"));
  cr_assert_not(wk_filter_overlaps("sealed/#", "sensors/+/#"));
  cr_assert_not(wk_filter_overlaps("#", "$SYS/#"));
}

Test(topic, filter_valid__wildcards_alone_in_their_level) {
  const char *const good[] = {"#", "+", "a/#", "+/a/+", "/", "a//b", "$x/+"};
  const char *const bad[] = {"",     "a#",   "#/a", "a/#/b", "a+",
                             "+a/b", "a/b+", "##",  "++",    "a/+b/c"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    cr_expect(wk_filter_valid(good[i]), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_expect_not(wk_filter_valid(bad[i]), "%s", bad[i]);
}

Test(topic, topic_valid__no_wildcard_no_overlong_name) {
  cr_assert(wk_topic_valid("a/b"));
  cr_assert(wk_topic_valid("zimmer/k\xc3\xbc"
                           "che"));
  cr_assert_not(wk_topic_valid("a/+"));
  cr_assert_not(wk_topic_valid("a/#"));
  cr_assert_not(wk_topic_valid(""));
  char *longest = malloc(WK_TOPIC_MAX + 2);
  cr_assert_not_null(longest);
  memset(longest, 'a', WK_TOPIC_MAX + 1);
  longest[WK_TOPIC_MAX + 1] = '\0';
  cr_expect_not(wk_topic_valid(longest));
  longest[WK_TOPIC_MAX] = '\0';
  cr_expect(wk_topic_valid(longest));
  free(longest);
}

Test(topic, device__is_the_level_of_the_first_plus) {
  size_t len = 9;
  const char *device =
      wk_topic_device("sensors/+/#", "sensors/thermo-1/temp", &len);
  cr_assert_eq(len, 8);
  cr_assert_eq(strncmp(device, "thermo-1", len), 0);
  (void)wk_topic_device("sensors/#", "sensors/thermo-1", &len);
  cr_assert_eq(len, 0);
  device = wk_topic_device("+", "lamp", &len);
  cr_assert_eq(len, 4);
  cr_assert_eq(strncmp(device, "lamp", len), 0);
}

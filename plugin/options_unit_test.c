/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum wk_err parse(struct wk_options *options, struct wk_why *why,
                         const char *key, const char *value) {
  char name[64];
  char text[64];
  char registry[] = "registry", db[] = "r.db";
  char master[] = "master_key_file", file[] = "m.key";
  (void)snprintf(name, sizeof name, "%s", key);
  (void)snprintf(text, sizeof text, "%s", value);
  const struct mosquitto_opt given[] = {
      {registry, db}, {master, file}, {name, text}};
  return wk_options_parse(options, given, 3, why);
}

Test(options, parse__defaults_are_the_protocols) {
  struct wk_options options;
  struct wk_why why;
  cr_assert_eq(parse(&options, &why, "window", "4096"), WK_OK);
  cr_assert_eq(options.policy.window, 4096);
  cr_assert_eq(options.policy.max_skew, 120);
  cr_assert_not(options.policy.require_time);
  cr_assert_not(options.many_sessions);
  cr_assert_eq(options.policy.on_clone_time, WK_ON_CLONE_QUARANTINE);
  cr_assert_eq(options.policy.on_clone_challenge, WK_ON_CLONE_QUARANTINE);
}

Test(options, parse__values_at_the_border_accepted) {
  struct wk_options options;
  struct wk_why why;
  cr_assert_eq(parse(&options, &why, "window", "256"), WK_OK);
  cr_assert_eq(parse(&options, &why, "window", "1048576"), WK_OK);
  cr_assert_eq(options.policy.window, 1048576);
  cr_assert_eq(parse(&options, &why, "max_skew", "86400"), WK_OK);
  cr_assert_eq(parse(&options, &why, "require_time", "true"), WK_OK);
  cr_assert(options.policy.require_time);
  cr_assert_eq(parse(&options, &why, "sessions", "many"), WK_OK);
  cr_assert(options.many_sessions);
  cr_assert_eq(parse(&options, &why, "sessions", "one"), WK_OK);
  cr_assert_not(options.many_sessions);
  cr_assert_eq(parse(&options, &why, "on_clone", "alarm"), WK_OK);
  cr_assert_eq(options.policy.on_clone_time, WK_ON_CLONE_ALARM);
  cr_assert_eq(options.policy.on_clone_challenge, WK_ON_CLONE_ALARM);
  cr_assert_eq(parse(&options, &why, "on_clone", "by-challenge"), WK_OK);
  cr_assert_eq(options.policy.on_clone_time, WK_ON_CLONE_ALARM);
  cr_assert_eq(options.policy.on_clone_challenge, WK_ON_CLONE_QUARANTINE);
}

Test(options, parse__bad_value_refused_and_named) {
  static const char *const bad[][2] = {
      {"window", ""},
      {"window", "0"},
      {"window", "-1"},
      {"window", "+1"},
      {"window", " 1"},
      {"window", "12x"},
      {"window", "255"},
      {"window", "1048577"},
      {"window", "99999999999999999999"},
      {"max_skew", "0"},
      {"max_skew", "86401"},
      {"max_skew", "1.5"},
      {"require_time", "yes"},
      {"require_time", "TRUE"},
      {"require_time", ""},
      {"on_clone", "ignore"},
      {"on_clone", "Alarm"},
      {"sessions", "2"},
      {"sessions", "One"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct wk_options options;
    struct wk_why why;
    char start[64];
    cr_expect_eq(parse(&options, &why, bad[i][0], bad[i][1]), WK_ERR_ARGUMENT);
    (void)snprintf(start, sizeof start, "plugin_opt_%s: \"%s\" is not",
                   bad[i][0], bad[i][1]);
    cr_expect_eq(strncmp(why.text, start, strlen(start)), 0, "%s", why.text);
  }
}

Test(options, parse__unknown_names_the_nearest) {
  static const char *const wrong[][2] = {
      {"windw", "window"},
      {"max-skew", "max_skew"},
      {"master_key", "master_key_file"},
      {"Registry", "registry"},
      {"requiretime", "require_time"},
      {"a_name_much_longer_than_any_that_there_is", "master_key_file"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct wk_options options;
    struct wk_why why;
    cr_expect_eq(parse(&options, &why, wrong[i][0], "1"), WK_ERR_ARGUMENT);
    cr_expect(strstr(why.text, wrong[i][1]), "%s", why.text);
  }
}

Test(options, parse__given_twice_refused) {
  struct wk_options options;
  struct wk_why why;
  cr_assert_eq(parse(&options, &why, "registry", "x"), WK_ERR_ARGUMENT);
  cr_assert_str_eq(why.text, "plugin_opt_registry: given twice");
}

Test(options, parse__nothing_given_names_the_missing) {
  struct wk_options options;
  struct wk_why why;
  cr_assert_eq(wk_options_parse(&options, NULL, 0, &why), WK_ERR_ARGUMENT);
  cr_assert_str_eq(why.text, "plugin_opt_registry is missing");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <string.h>

#include "routes.h"

#define NEEDED                                                                \
  "broker mqtt://localhost:1883\ncredential c\nkey k\npolicy p\nstore s\n"

static enum wk_err parse(struct wk_config *config, const char *text,
                         struct wk_why *why) {
  char copy[1024];
  const size_t len = strlen(text);
  cr_assert_lt(len, sizeof copy);
  memcpy(copy, text, len + 1);
  why->text[0] = '\0';
  return wk_config_parse(config, copy, len, "g.conf", why);
}

Test(config, parse__values_and_defaults) {
  struct wk_config config;
  struct wk_why why;
  cr_assert_eq(parse(&config,
                     "# a comment\n\n  broker\tmqtts://[::1]:8883 \r\n"
                     "cafile /a folder/ca.pem\ncredential c\nkey k\n"
                     "policy p\nstore s\nsubscribe a/+\nsubscribe b/#\n"
                     "base home/gw\nkey_update session",
                     &why),
               WK_OK, "%s", why.text);
  cr_assert_str_eq(config.broker, "mqtts://[::1]:8883");
  cr_assert_str_eq(config.cafile, "/a folder/ca.pem");
  cr_assert_eq(config.subscribe_count, 2);
  cr_assert_str_eq(config.subscribe[1], "b/#");
  cr_assert_str_eq(config.sealed_prefix, "sealed");
  cr_assert_str_eq(config.base, "home/gw");
  cr_assert_str_eq(config.key_update, "session");
  wk_config_free(&config);
  cr_assert_eq(parse(&config, NEEDED, &why), WK_OK, "%s", why.text);
  cr_assert_str_eq(config.subscribe[0], "sensors/+/#");
  cr_assert_null(config.base);
  wk_config_free(&config);
}

struct broken {
  char text[160];
  char why[96];
};

ParameterizedTestParameters(config, parse__broken_names_line_and_key) {
  static struct broken rows[] = {
      {"", "g.conf: the key \"broker\" is missing"},
      {"brokr x\n", "g.conf:1: unknown key \"brokr\", did you mean"
                    " \"broker\"?"},
      {NEEDED "\nsubscribes a\n", "g.conf:7: unknown key \"subscribes\", did"
                                  " you mean \"subscribe\"?"},
      {NEEDED "store t\n", "g.conf:6: store stands there twice"},
      {NEEDED "base\n", "g.conf:6: base needs a value"},
      {"broker localhost\n", "g.conf:1: broker must be mqtt://HOST:PORT or"
                             " mqtts://HOST:PORT, not \"localhost\""},
      {"broker mqtt://h:0\n", "g.conf:1: broker must be"},
      {"broker mqtt://h:65536\n", "g.conf:1: broker must be"},
      {"broker mqtt://u@h\n", "g.conf:1: broker must be"},
      {"broker mqtt://:1\n", "g.conf:1: broker must be"},
      {NEEDED "subscribe a/#/b\n",
       "g.conf:6: subscribe must be a topic filter, not \"a/#/b\""},
      {NEEDED "sealed_prefix a/+\n", "g.conf:6: sealed_prefix must be"},
      {NEEDED "key_update Session\n",
       "g.conf:6: key_update must be quarter, session or never"},
      {NEEDED "base a/\n", "g.conf:6: base must be"},
      {NEEDED "cafile c\n", "g.conf: cafile needs a broker by mqtts://"},
      {"broker mqtt://h\ncredential c\nkey k\npolicy p\n",
       "g.conf: the key \"store\" is missing"},
  };
  return cr_make_param_array(struct broken, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct broken *row, config,
                  parse__broken_names_line_and_key) {
  struct wk_config config;
  struct wk_why why;
  cr_assert_eq(parse(&config, row->text, &why), WK_ERR_MALFORMED);
  cr_assert_eq(strncmp(why.text, row->why, strlen(row->why)), 0, "%s",
               why.text);
  cr_assert_null(config.broker);
}

Test(config, parse__nul_bytes_refused) {
  struct wk_config config;
  struct wk_why why;
  char text[] = "broker\0x";
  cr_assert_eq(wk_config_parse(&config, text, sizeof text - 1, "g.conf", &why),
               WK_ERR_MALFORMED);
}

static enum wk_err routes(const char *config_text, const char *to,
                          struct wk_why *why) {
  struct wk_config config;
  struct wk_policy_rules *policy = NULL;
  struct wk_routes made;
  char text[160];
  (void)snprintf(text, sizeof text,
                 "version: 1\nrules:\n  - topic: sensors/#\n"
                 "    release: [a]\n    to: %s\n",
                 to);
  cr_assert_eq(parse(&config, config_text, why), WK_OK, "%s", why->text);
  cr_assert_eq(wk_policy_parse(&policy, text, strlen(text), "p", why), WK_OK);
  const enum wk_err err = wk_routes_init(&made, &config, policy, "gw", why);
  if (err == WK_OK) {
    size_t len = 0;
    cr_expect_str_eq(made.x4, "whitekey/v1/gw/x4");
    cr_expect_eq(*wk_routes_device(&made, "sensors/x/y", &len), 'x');
    cr_expect_eq(len, 1);
    wk_routes_free(&made);
  }
  wk_policy_free(policy);
  wk_config_free(&config);
  return err;
}

Test(routes, init__nothing_published_may_come_in_again) {
  struct wk_why why;
  cr_expect_eq(routes(NEEDED, "public/{topic}", &why), WK_OK, "%s", why.text);
  cr_expect_eq(routes(NEEDED, "sensors/all", &why), WK_ERR_ARGUMENT);
  cr_expect_str_eq(why.text,
                   "p:3: what this rule releases goes to \"sensors/all\","
                   " which \"subscribe sensors/+/#\" would read again");
  cr_expect_eq(routes(NEEDED "subscribe sealed/a\nsubscribe sensors/+/#\n",
                      "public", &why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(routes(NEEDED "base sensors/gw\n", "public", &why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(routes(NEEDED "subscribe #\n", "public", &why),
               WK_ERR_ARGUMENT);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "policy.h"

static struct wk_policy_rules *parse(const char *text, struct wk_why *why) {
  struct wk_policy_rules *policy = NULL;
  memset(why, 0, sizeof *why);
  const enum wk_err err =
      wk_policy_parse(&policy, text, strlen(text), "p.yaml", why);
  cr_assert_eq(err == WK_OK, policy != NULL);
  return policy;
}

static const char good[] = "version: 1\n"
                           "default: private\n"
                           "rules:\n"
                           "  - topic: sensors/+/temperature\n"
                           "    release: [temperature, place.floor]\n"
                           "    to: public/{topic}\n"
                           "  - topic: sensors/+/#\n"
                           "    release:\n"
                           "      - battery\n"
                           "    to: public/batteries\n";

Test(policy, parse__rules_in_order) {
  struct wk_why why;
  struct wk_policy_rules *policy = parse(good, &why);
  cr_assert_not_null(policy, "%s", why.text);
  cr_assert_eq(policy->count, 2);
  cr_assert_eq(policy->rules[0].line, 4);
  cr_assert_eq(policy->rules[0].release_count, 2);
  cr_assert_str_eq(policy->rules[0].release[1], "place.floor");
  cr_assert_eq(wk_policy_find(policy, "sensors/a/temperature"),
               &policy->rules[0]);
  cr_assert_eq(wk_policy_find(policy, "sensors/a/door"), &policy->rules[1]);
  cr_assert_null(wk_policy_find(policy, "other"));
  wk_policy_free(policy);
}

Test(policy, parse__without_rules_everything_is_private) {
  struct wk_why why;
  struct wk_policy_rules *policy = parse("version: 1\n", &why);
  cr_assert_not_null(policy);
  cr_assert_null(wk_policy_find(policy, "sensors/a/temperature"));
  wk_policy_free(policy);
}

Test(policy, destination__prefix_or_fixed_topic) {
  struct wk_why why;
  struct wk_policy_rules *policy = parse(good, &why);
  char *text = NULL;
  cr_assert_eq(wk_rule_destination(&text, &policy->rules[0], "sensors/a/x"),
               WK_OK);
  cr_assert_str_eq(text, "public/sensors/a/x");
  free(text);
  cr_assert_eq(wk_rule_outputs(&text, &policy->rules[0]), WK_OK);
  cr_assert_str_eq(text, "public/#");
  free(text);
  cr_assert_eq(wk_rule_destination(&text, &policy->rules[1], "sensors/a/x"),
               WK_OK);
  cr_assert_str_eq(text, "public/batteries");
  free(text);
  char *longest = malloc(65536);
  memset(longest, 'a', 65535);
  longest[65535] = '\0';
  cr_assert_eq(wk_rule_destination(&text, &policy->rules[0], longest),
               WK_ERR_SPACE);
  cr_assert_null(text);
  free(longest);
  wk_policy_free(policy);
}

struct broken {
  char text[160];
  char why[80];
};

#define RULE "version: 1\nrules:\n  - topic: a/+\n    to: b\n"

ParameterizedTestParameters(policy, parse__broken_names_line) {
  static struct broken rows[] = {
      {"", "p.yaml:1: empty: a policy begins with \"version: 1\""},
      {"version: 2\n", "p.yaml:1: this program needs \"version: 1\""},
      {"default: private\n", "p.yaml:1: this program needs \"version: 1\""},
      {"version: 1\n\nrule: []\n",
       "p.yaml:3: unknown key \"rule\", did you mean \"rules\"?"},
      {"version: 1\nversion: 1\n",
       "p.yaml:2: the key \"version\" stands there twice"},
      {"version: 1\ndefault: public\n",
       "p.yaml:2: the value of \"default\" can only be private"},
      {"version: 1\nrules: x\n",
       "p.yaml:2: the value of \"rules\" must be a list of rules"},
      {"version: 1\nrules: []\n",
       "p.yaml:2: the value of \"rules\" must be a list of rules"},
      {"- version\n", "p.yaml:1: a policy must be keys with values"},
      {"version: 1\nrules: [\n", "p.yaml:3: not valid YAML: "},
      {"version: 1\n---\nversion: 1\n",
       "p.yaml:3: a second document begins here"},
      {RULE, "p.yaml:3: this rule needs the key \"release\""},
      {RULE "    release: []\n",
       "p.yaml:5: the value of \"release\" must be a list of field names"},
      {RULE "    release: [a, a]\n",
       "p.yaml:5: the field \"a\" stands there twice"},
      {RULE "    release: [a..b]\n",
       "p.yaml:5: not a field name or a.b path: \"a..b\""},
      {RULE "    release: [{a: 1}]\n",
       "p.yaml:5: not a field name or a.b path: \"?\""},
      {RULE "    release: [a]\n    too: c\n",
       "p.yaml:6: unknown key \"too\", did you mean \"to\"?"},
      {"version: 1\nrules:\n  - release: [a]\n    topic: a/b#\n    to: c\n",
       "p.yaml:4: not a topic filter: \"a/b#\""},
      {"version: 1\nrules:\n  - release: [a]\n    topic: a\n    to: c/+\n",
       "p.yaml:5: not a topic, or PREFIX/{topic}: \"c/+\""},
      {"version: 1\nrules:\n  - release: [a]\n    topic: a\n"
       "    to: c/{topic}/d\n",
       "p.yaml:5: not a topic, or PREFIX/{topic}: \"c/{topic}/d\""},
      {"version: 1\nrules:\n  - release: [a]\n    topic: a\n"
       "    to: \"{topic}\"\n",
       "p.yaml:5: not a topic, or PREFIX/{topic}: \"{topic}\""},
      {"version: 1\nrules:\n  - release: [a]\n    topic: a\n"
       "    to: $SYS/x\n",
       "p.yaml:5: not a topic, or PREFIX/{topic}: \"$SYS/x\""},
      {"version: 1\nrules:\n  - 7\n",
       "p.yaml:3: a rule must be keys with values"},
  };
  return cr_make_param_array(struct broken, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct broken *row, policy, parse__broken_names_line) {
  struct wk_why why;
  cr_assert_null(parse(row->text, &why));
  cr_assert_eq(strncmp(why.text, row->why, strlen(row->why)), 0, "%s",
               why.text);
}

Test(policy, parse__no_truncation_crashes) {
  for (size_t len = 0; len < sizeof good; len++) {
    struct wk_policy_rules *policy = NULL;
    (void)!wk_policy_parse(&policy, good, len, "p.yaml", NULL);
    wk_policy_free(policy);
  }
}

Test(policy, read__missing_file_is_named) {
  struct wk_policy_rules *policy = NULL;
  struct wk_why why;
  cr_assert_eq(wk_policy_read(&policy, "/nowhere/p.yaml", &why),
               WK_ERR_MISSING);
  cr_assert_not_null(strstr(why.text, "/nowhere/p.yaml"));
  cr_assert_null(policy);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topic.h"

#define ALL "{topic}"

void wk_policy_free(struct wk_policy_rules *policy) {
  if (!policy)
    return;
  for (size_t i = 0; i < policy->count; i++) {
    struct wk_rule *rule = &policy->rules[i];
    free(rule->topic);
    free(rule->to);
    for (size_t j = 0; j < rule->release_count; j++)
      free(rule->release[j]);
  }
  free(policy->rules);
  free(policy);
}

const struct wk_rule *wk_policy_find(const struct wk_policy_rules *policy,
                                     const char *topic) {
  for (size_t i = 0; i < policy->count; i++) {
    if (wk_filter_matches(policy->rules[i].topic, topic))
      return &policy->rules[i];
  }
  return NULL;
}

/* The part before {topic}; the whole destination where there is none. */
static size_t prefix_len(const struct wk_rule *rule, bool *all) {
  const char *at = strstr(rule->to, ALL);
  *all = at != NULL;
  return at ? (size_t)(at - rule->to) : strlen(rule->to);
}

static enum wk_err joined(char **out, const struct wk_rule *rule,
                          const char *tail) {
  bool all = false;
  const size_t prefix = prefix_len(rule, &all);
  *out = NULL;
  if (prefix + (all ? strlen(tail) : 0) > WK_TOPIC_MAX)
    return WK_ERR_SPACE;
  if (asprintf(out, "%.*s%s", (int)prefix, rule->to, all ? tail : "") < 0) {
    *out = NULL;
    return WK_ERR_MEMORY;
  }
  return WK_OK;
}

enum wk_err wk_rule_destination(char **to, const struct wk_rule *rule,
                                const char *topic) {
  return joined(to, rule, topic);
}

enum wk_err wk_rule_outputs(char **filter, const struct wk_rule *rule) {
  return joined(filter, rule, "#");
}

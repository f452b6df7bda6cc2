/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - which fields of which readings may leave, read from a YAML file
 * (schemas/policy.schema.json describes it, examples/policy.yaml teaches it).
 *
 * What no rule names is private. Of the rules the first whose topic filter
 * matches decides alone. Every mistake is refused with file and line: a
 * policy that means something else than its author thought is a leak.
 */
#ifndef WHITEKEY_GATEWAY_POLICY_H
#define WHITEKEY_GATEWAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include <whitekey/why.h>

#define WK_POLICY_FILE_MAX 1048576u
#define WK_RELEASE_MAX 64u       /* fields of one rule */
#define WK_RELEASE_DEPTH_MAX 16u /* names in one field's path */

struct wk_rule {
  unsigned line;                 /* where the rule begins in its file */
  char *topic;                   /* filter of the readings it decides on */
  char *to;                      /* a topic, or "PREFIX/{topic}" */
  char *release[WK_RELEASE_MAX]; /* "a" or "a.b": what may leave */
  size_t release_count;          /* at least 1 */
};

struct wk_policy_rules {
  struct wk_rule *rules;
  size_t count;
};

/*
 * Reads a policy file. WK_ERR_MISSING, WK_ERR_IO, WK_ERR_MALFORMED;
 * *policy is the caller's to free, NULL on failure.
 */
WK_MUST_CHECK enum wk_err wk_policy_read(struct wk_policy_rules **policy,
                                         const char *path, struct wk_why *why);

/* The same from memory; where names the text in errors. */
WK_MUST_CHECK enum wk_err wk_policy_parse(struct wk_policy_rules **policy,
                                          const char *text, size_t len,
                                          const char *where,
                                          struct wk_why *why);

void wk_policy_free(struct wk_policy_rules *policy);

/* The first rule whose filter matches, or NULL. */
const struct wk_rule *wk_policy_find(const struct wk_policy_rules *policy,
                                     const char *topic);

/*
 * The topic a rule publishes on. *to is the caller's to free.
 * WK_ERR_SPACE: longer than MQTT allows; WK_ERR_MEMORY.
 */
WK_MUST_CHECK enum wk_err
wk_rule_destination(char **to, const struct wk_rule *rule, const char *topic);

/* The filter that matches every topic the rule may publish on; *filter is the
 * caller's to free. WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_rule_outputs(char **filter,
                                          const struct wk_rule *rule);

#endif

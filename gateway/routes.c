/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topic.h"

/* Everything under PREFIX. */
static char *under(const char *prefix) {
  char *filter = NULL;
  return asprintf(&filter, "%s/#", prefix) < 0 ? NULL : filter;
}

static enum wk_err check(const struct wk_config *config, char *output,
                         const char *what, const char *file, unsigned line,
                         struct wk_why *why) {
  if (!output)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  enum wk_err err = WK_OK;
  char at[16] = "";
  if (line > 0)
    (void)snprintf(at, sizeof at, ":%u", line);
  for (size_t i = 0; err == WK_OK && i < config->subscribe_count; i++) {
    if (wk_filter_overlaps(config->subscribe[i], output))
      err = wk_fail(why, WK_ERR_ARGUMENT,
                    "%s%s: %s goes to \"%s\", which \"subscribe %s\" would"
                    " read again",
                    file, at, what, output, config->subscribe[i]);
  }
  free(output);
  return err;
}

static enum wk_err check_all(const struct wk_routes *routes,
                             const struct wk_policy_rules *policy,
                             struct wk_why *why) {
  const struct wk_config *config = routes->config;
  enum wk_err err = check(config, under(config->sealed_prefix),
                          "what is sealed", "sealed_prefix", 0, why);
  if (err == WK_OK)
    err = check(config, under(routes->base), "the gateway's state", "base", 0,
                why);
  for (size_t i = 0; err == WK_OK && i < policy->count; i++) {
    char *output = NULL;
    err = wk_rule_outputs(&output, &policy->rules[i]);
    if (err != WK_OK)
      return wk_fail(why, err, "%s:%u: \"to\" is too long", config->policy,
                     policy->rules[i].line);
    err = check(config, output, "what this rule releases", config->policy,
                policy->rules[i].line, why);
  }
  return err;
}

enum wk_err wk_routes_init(struct wk_routes *routes,
                           const struct wk_config *config,
                           const struct wk_policy_rules *policy,
                           const char *did, struct wk_why *why) {
  memset(routes, 0, sizeof *routes);
  routes->config = config;
  if ((config->base ? asprintf(&routes->base, "%s", config->base)
                    : asprintf(&routes->base, "whitekey-gateway/%s", did)) < 0)
    routes->base = NULL;
  if (!routes->base ||
      asprintf(&routes->state, "%s/bridge/state", routes->base) < 0)
    routes->state = NULL;
  if (asprintf(&routes->x3, "whitekey/v1/%s/x3", did) < 0)
    routes->x3 = NULL;
  if (asprintf(&routes->x4, "whitekey/v1/%s/x4", did) < 0)
    routes->x4 = NULL;
  enum wk_err err = WK_OK;
  if (routes->state && routes->x3 && routes->x4)
    err = check_all(routes, policy, why);
  else
    err = wk_fail(why, WK_ERR_MEMORY, "out of memory");
  if (err != WK_OK)
    wk_routes_free(routes);
  return err;
}

void wk_routes_free(struct wk_routes *routes) {
  free(routes->base);
  free(routes->state);
  free(routes->x3);
  free(routes->x4);
  memset(routes, 0, sizeof *routes);
}

static const char *find(const struct wk_config *config, const char *topic) {
  for (size_t i = 0; i < config->subscribe_count; i++) {
    if (wk_filter_matches(config->subscribe[i], topic))
      return config->subscribe[i];
  }
  return NULL;
}

bool wk_routes_reads(const struct wk_routes *routes, const char *topic) {
  return find(routes->config, topic) != NULL;
}

const char *wk_routes_device(const struct wk_routes *routes, const char *topic,
                             size_t *len) {
  const char *filter = find(routes->config, topic);
  *len = 0;
  return filter ? wk_topic_device(filter, topic, len) : topic;
}

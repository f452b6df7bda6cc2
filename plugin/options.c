/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/nearest.h>

#define SKEW_MAX 86400u /* a day: more would make `time` worthless */
#define INTERVAL 10u
#define INTERVAL_MAX 86400u
/* What an honest device may skip: section 11, "a small window". */
#define WINDOW_MIN (4u * WK_SKIP_MAX)
#define WINDOW_MAX WK_CHAIN_LEN_MAX

static enum wk_err bad(struct wk_why *why, const struct mosquitto_opt *opt,
                       const char *form) {
  return wk_fail(why, WK_ERR_ARGUMENT, "plugin_opt_%s: \"%s\" is not %s",
                 opt->key, opt->value, form);
}

static enum wk_err set_path(const char **out, const struct mosquitto_opt *opt,
                            struct wk_why *why) {
  if (opt->value[0] == '\0')
    return bad(why, opt, "a path");
  *out = opt->value;
  return WK_OK;
}

static enum wk_err set_number(uint32_t *out, const struct mosquitto_opt *opt,
                              uint32_t min, uint32_t max, const char *form,
                              struct wk_why *why) {
  char *end;
  const unsigned long value = strtoul(opt->value, &end, 10);
  const size_t digits = strspn(opt->value, "0123456789");
  if (digits == 0 || digits > 9 || *end != '\0' || value < min || value > max)
    return bad(why, opt, form);
  *out = (uint32_t)value;
  return WK_OK;
}

static enum wk_err set_registry(struct wk_options *options,
                                const struct mosquitto_opt *opt,
                                struct wk_why *why) {
  return set_path(&options->registry, opt, why);
}

static enum wk_err set_master(struct wk_options *options,
                              const struct mosquitto_opt *opt,
                              struct wk_why *why) {
  return set_path(&options->master_key_file, opt, why);
}

static enum wk_err set_window(struct wk_options *options,
                              const struct mosquitto_opt *opt,
                              struct wk_why *why) {
  return set_number(&options->policy.window, opt, WINDOW_MIN, WINDOW_MAX,
                    "a number of steps from 256 to 1048576", why);
}

static enum wk_err set_skew(struct wk_options *options,
                            const struct mosquitto_opt *opt,
                            struct wk_why *why) {
  return set_number(&options->policy.max_skew, opt, 1, SKEW_MAX,
                    "a number of seconds from 1 to 86400", why);
}

static enum wk_err set_require_time(struct wk_options *options,
                                    const struct mosquitto_opt *opt,
                                    struct wk_why *why) {
  const bool yes = strcmp(opt->value, "true") == 0;
  if (!yes && strcmp(opt->value, "false") != 0)
    return bad(why, opt, "true or false");
  options->policy.require_time = yes;
  return WK_OK;
}

static enum wk_err set_interval(struct wk_options *options,
                                const struct mosquitto_opt *opt,
                                struct wk_why *why) {
  return set_number(&options->sys_interval, opt, 0, INTERVAL_MAX,
                    "a number of seconds from 0 to 86400", why);
}

static enum wk_err set_metrics_file(struct wk_options *options,
                                    const struct mosquitto_opt *opt,
                                    struct wk_why *why) {
  return set_path(&options->metrics_file, opt, why);
}

static enum wk_err set_acl(struct wk_options *options,
                           const struct mosquitto_opt *opt,
                           struct wk_why *why) {
  const bool on = strcmp(opt->value, "on") == 0;
  if (!on && strcmp(opt->value, "off") != 0)
    return bad(why, opt, "on or off");
  options->acl = on;
  return WK_OK;
}

static enum wk_err set_on_clone(struct wk_options *options,
                                const struct mosquitto_opt *opt,
                                struct wk_why *why) {
  const bool alarm = strcmp(opt->value, "alarm") == 0;
  const bool by_challenge = strcmp(opt->value, "by-challenge") == 0;
  if (!alarm && !by_challenge && strcmp(opt->value, "quarantine") != 0)
    return bad(why, opt, "quarantine, by-challenge or alarm");
  options->policy.on_clone_time =
      alarm || by_challenge ? WK_ON_CLONE_ALARM : WK_ON_CLONE_QUARANTINE;
  options->policy.on_clone_challenge =
      alarm ? WK_ON_CLONE_ALARM : WK_ON_CLONE_QUARANTINE;
  return WK_OK;
}

static enum wk_err set_sessions(struct wk_options *options,
                                const struct mosquitto_opt *opt,
                                struct wk_why *why) {
  const bool many = strcmp(opt->value, "many") == 0;
  if (!many && strcmp(opt->value, "one") != 0)
    return bad(why, opt, "one or many");
  options->many_sessions = many;
  return WK_OK;
}

static const struct {
  const char *key;
  enum wk_err (*set)(struct wk_options *, const struct mosquitto_opt *,
                     struct wk_why *);
} known[] = {
    {"registry", set_registry},
    {"master_key_file", set_master},
    {"window", set_window},
    {"max_skew", set_skew},
    {"require_time", set_require_time},
    {"on_clone", set_on_clone},
    {"acl", set_acl},
    {"sessions", set_sessions},
    {"sys_interval", set_interval},
    {"metrics_file", set_metrics_file},
};
#define KNOWN (sizeof known / sizeof *known)

static const char *nearest(const char *key) {
  const char *names[KNOWN];
  for (size_t i = 0; i < KNOWN; i++)
    names[i] = known[i].key;
  return wk_nearest(key, names, KNOWN);
}

static enum wk_err set_one(struct wk_options *options, unsigned *seen,
                           const struct mosquitto_opt *opt,
                           struct wk_why *why) {
  for (size_t i = 0; i < KNOWN; i++) {
    if (strcmp(opt->key, known[i].key) != 0)
      continue;
    if ((*seen & 1u << i) != 0)
      return wk_fail(why, WK_ERR_ARGUMENT, "plugin_opt_%s: given twice",
                     opt->key);
    *seen |= 1u << i;
    return known[i].set(options, opt, why);
  }
  return wk_fail(why, WK_ERR_ARGUMENT,
                 "plugin_opt_%s: no such option; the nearest is plugin_opt_%s",
                 opt->key, nearest(opt->key));
}

enum wk_err wk_options_parse(struct wk_options *options,
                             const struct mosquitto_opt *given, int count,
                             struct wk_why *why) {
  unsigned seen = 0;
  memset(options, 0, sizeof *options);
  wk_policy_init(&options->policy);
  options->acl = true;
  options->sys_interval = INTERVAL;
  for (int i = 0; i < count; i++) {
    const enum wk_err err = set_one(options, &seen, &given[i], why);
    if (err != WK_OK)
      return err;
  }
  if (!options->registry)
    return wk_fail(why, WK_ERR_ARGUMENT, "plugin_opt_registry is missing");
  if (!options->master_key_file)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "plugin_opt_master_key_file is missing");
  if (options->metrics_file && options->sys_interval == 0)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "plugin_opt_metrics_file: needs an interval, and "
                   "plugin_opt_sys_interval is 0");
  return WK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/address.h>
#include <whitekey/client.h>
#include <whitekey/settings.h>

#include "topic.h"

enum kind { PATH, BROKER, PREFIX, FILTER, UPDATE };

struct option {
  const char *name;
  enum kind kind;
  size_t offset; /* of its char * in struct wk_config */
  bool required;
};

static const struct option options[] = {
    {"broker", BROKER, offsetof(struct wk_config, broker), true},
    {"cafile", PATH, offsetof(struct wk_config, cafile), false},
    {"credential", PATH, offsetof(struct wk_config, credential), true},
    {"key_update", UPDATE, offsetof(struct wk_config, key_update), false},
    {"key", PATH, offsetof(struct wk_config, key), true},
    {"policy", PATH, offsetof(struct wk_config, policy), true},
    {"store", PATH, offsetof(struct wk_config, store), true},
    {"base", PREFIX, offsetof(struct wk_config, base), false},
    {"sealed_prefix", PREFIX, offsetof(struct wk_config, sealed_prefix),
     false},
    {"subscribe", FILTER, offsetof(struct wk_config, subscribe), false},
};
#define OPTIONS (sizeof options / sizeof *options)

static char **slot(struct wk_config *config, const struct option *option) {
  char *at = (char *)config + option->offset;
  return (char **)(void *)at;
}

static bool prefix_valid(const char *text) {
  return wk_topic_valid(text) && text[0] != '$' &&
         text[strlen(text) - 1] != '/';
}

static const char *complaint(enum kind kind, const char *value) {
  enum wk_update_when when;
  struct wk_address address;
  switch (kind) {
  case PATH:
    return NULL;
  case BROKER:
    return wk_address_parse(&address, value) == WK_OK
               ? NULL
               : "must be mqtt://HOST:PORT or "
                 "mqtts://HOST:PORT";
  case PREFIX:
    return prefix_valid(value) ? NULL : "must be a topic without + # $";
  case FILTER:
    return wk_filter_valid(value) ? NULL : "must be a topic filter";
  case UPDATE:
    return wk_update_when_parse(&when, value) == WK_OK
               ? NULL
               : "must be quarter, session or never";
  default:
    return "unknown";
  }
}

static const char *take(void *context, size_t which, const char *value) {
  struct wk_config *config = context;
  const struct option *option = &options[which];
  char **to = slot(config, option);
  const char *wrong = complaint(option->kind, value);
  if (wrong)
    return wrong;
  if (option->kind == FILTER) {
    if (config->subscribe_count == WK_SUBSCRIBE_MAX)
      return "must not stand there so often";
    to = &config->subscribe[config->subscribe_count];
  }
  *to = strdup(value);
  if (!*to)
    return "does not fit into memory";
  if (option->kind == FILTER)
    config->subscribe_count++;
  return NULL;
}

static enum wk_err fill_in(struct wk_config *config, const char *where,
                           struct wk_why *why) {
  if (config->cafile && strncmp(config->broker, "mqtts:", 6) != 0)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: cafile needs a broker by mqtts://", where);
  if (!config->sealed_prefix)
    config->sealed_prefix = strdup("sealed");
  if (config->subscribe_count == 0) {
    config->subscribe[0] = strdup("sensors/+/#");
    config->subscribe_count = 1;
  }
  if (!config->sealed_prefix || !config->subscribe[0])
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  return WK_OK;
}

static struct wk_settings settings_of(struct wk_config *config,
                                      struct wk_setting all[OPTIONS]) {
  for (size_t i = 0; i < OPTIONS; i++)
    all[i] = (struct wk_setting){options[i].name, options[i].required,
                                 options[i].kind == FILTER};
  return (struct wk_settings){all, OPTIONS, take, config};
}

static enum wk_err finish(struct wk_config *config, enum wk_err err,
                          const char *where, struct wk_why *why) {
  if (err == WK_OK)
    err = fill_in(config, where, why);
  if (err != WK_OK)
    wk_config_free(config);
  return err;
}

enum wk_err wk_config_parse(struct wk_config *config, char *text, size_t len,
                            const char *where, struct wk_why *why) {
  struct wk_setting all[OPTIONS];
  const struct wk_settings settings = settings_of(config, all);
  memset(config, 0, sizeof *config);
  const enum wk_err err = wk_settings_parse(&settings, text, len, where, why);
  return finish(config, err, where, why);
}

enum wk_err wk_config_read(struct wk_config *config, const char *path,
                           struct wk_why *why) {
  struct wk_setting all[OPTIONS];
  const struct wk_settings settings = settings_of(config, all);
  memset(config, 0, sizeof *config);
  return finish(config, wk_settings_read(&settings, path, why), path, why);
}

void wk_config_free(struct wk_config *config) {
  for (size_t i = 0; i < OPTIONS; i++) {
    if (options[i].kind != FILTER)
      free(*slot(config, &options[i]));
  }
  for (size_t i = 0; i < config->subscribe_count; i++)
    free(config->subscribe[i]);
  memset(config, 0, sizeof *config);
}

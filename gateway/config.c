/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/client.h>
#include <whitekey/file.h>
#include <whitekey/nearest.h>

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

struct place {
  const char *where;
  unsigned line;
  struct wk_why *why;
};

static char **slot(struct wk_config *config, const struct option *option) {
  char *at = (char *)config + option->offset;
  return (char **)(void *)at;
}

/* mqtt://HOST:PORT; the port may be left out. */
static bool broker_valid(const char *text) {
  const char *host = NULL;
  if (strncmp(text, "mqtt://", 7) == 0)
    host = text + 7;
  else if (strncmp(text, "mqtts://", 8) == 0)
    host = text + 8;
  if (!host || *host == '\0' || *host == ':' || strpbrk(host, "/@ \t"))
    return false;
  const char *bracket = strchr(host, ']'); /* [::1]:1883 */
  const char *colon = strchr(bracket ? bracket : host, ':');
  if (!colon)
    return true;
  const size_t digits = strspn(colon + 1, "0123456789");
  const long port = digits > 0 && digits < 6 ? strtol(colon + 1, NULL, 10) : 0;
  return colon[1 + digits] == '\0' && port >= 1 && port <= 65535;
}

static bool prefix_valid(const char *text) {
  return wk_topic_valid(text) && text[0] != '$' &&
         text[strlen(text) - 1] != '/';
}

static const char *complaint(enum kind kind, const char *value) {
  enum wk_update_when when;
  switch (kind) {
  case PATH:
    return NULL;
  case BROKER:
    return broker_valid(value) ? NULL
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

static enum wk_err set(struct wk_config *config, const struct option *option,
                       const char *value, const struct place *at) {
  char **to = slot(config, option);
  if (*value == '\0')
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s needs a value",
                   at->where, at->line, option->name);
  const char *wrong = complaint(option->kind, value);
  if (wrong)
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s %s, not \"%s\"",
                   at->where, at->line, option->name, wrong, value);
  if (option->kind == FILTER) {
    if (config->subscribe_count == WK_SUBSCRIBE_MAX)
      return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: more than %u filters",
                     at->where, at->line, WK_SUBSCRIBE_MAX);
    to = &config->subscribe[config->subscribe_count];
  } else if (*to) {
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s stands there twice",
                   at->where, at->line, option->name);
  }
  *to = strdup(value);
  if (!*to)
    return wk_fail(at->why, WK_ERR_MEMORY, "out of memory");
  if (option->kind == FILTER)
    config->subscribe_count++;
  return WK_OK;
}

/* Cuts white space off both ends of a line, in place. */
static char *trim(char *line) {
  line += strspn(line, " \t\r");
  size_t len = strlen(line);
  while (len > 0 && strchr(" \t\r", line[len - 1]))
    line[--len] = '\0';
  return line;
}

static enum wk_err unknown(const char *key, const struct place *at) {
  const char *names[OPTIONS];
  for (size_t i = 0; i < OPTIONS; i++)
    names[i] = options[i].name;
  return wk_fail(at->why, WK_ERR_MALFORMED,
                 "%s:%u: unknown key \"%s\", did you mean \"%s\"?", at->where,
                 at->line, key, wk_nearest(key, names, OPTIONS));
}

static enum wk_err read_line(struct wk_config *config, char *line,
                             const struct place *at) {
  char *key = trim(line);
  if (*key == '\0' || *key == '#')
    return WK_OK;
  char *value = key + strcspn(key, " \t");
  if (*value != '\0')
    *value++ = '\0';
  value = trim(value);
  for (size_t i = 0; i < OPTIONS; i++) {
    if (strcmp(options[i].name, key) == 0)
      return set(config, &options[i], value, at);
  }
  return unknown(key, at);
}

static enum wk_err fill_in(struct wk_config *config, const char *where,
                           struct wk_why *why) {
  for (size_t i = 0; i < OPTIONS; i++) {
    if (options[i].required && !*slot(config, &options[i]))
      return wk_fail(why, WK_ERR_MALFORMED, "%s: the key \"%s\" is missing",
                     where, options[i].name);
  }
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

enum wk_err wk_config_parse(struct wk_config *config, char *text, size_t len,
                            const char *where, struct wk_why *why) {
  struct place at = {.where = where, .line = 0, .why = why};
  enum wk_err err = WK_OK;
  memset(config, 0, sizeof *config);
  if (strlen(text) != len)
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not a text file", where);
  for (char *line = text; line && err == WK_OK;) {
    char *next = strchr(line, '\n');
    if (next)
      *next++ = '\0';
    at.line++;
    err = read_line(config, line, &at);
    line = next;
  }
  if (err == WK_OK)
    err = fill_in(config, where, why);
  if (err != WK_OK)
    wk_config_free(config);
  return err;
}

enum wk_err wk_config_read(struct wk_config *config, const char *path,
                           struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  memset(config, 0, sizeof *config);
  enum wk_err err = wk_file_read(&text, &len, path, WK_CONFIG_FILE_MAX, why);
  if (err == WK_OK)
    err = wk_config_parse(config, text, len, path, why);
  free(text);
  return err;
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

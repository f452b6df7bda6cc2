/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>

#define MS_NS 1e6
#define SECOND_NS 1e9

struct code_name {
  uint8_t code;
  const char *name;
};

/* MQTT 3.1.1, table 3.1. */
static const struct code_name codes_311[] = {
    {1, "unacceptable protocol version"},
    {2, "identifier rejected"},
    {3, "server unavailable"},
    {4, "bad user name or password"},
    {5, "not authorized"},
};

/* MQTT 5, table 3-1: those a login may get. */
static const struct code_name codes_5[] = {
    {0x80, "unspecified error"},
    {0x81, "malformed packet"},
    {0x82, "protocol error"},
    {0x83, "implementation specific error"},
    {0x84, "unsupported protocol version"},
    {0x85, "client identifier not valid"},
    {0x86, "bad user name or password"},
    {0x87, "not authorized"},
    {0x88, "server unavailable"},
    {0x89, "server busy"},
    {0x8a, "banned"},
    {0x8c, "bad authentication method"},
    {0x95, "packet too large"},
    {0x97, "quota exceeded"},
    {0x9c, "use another server"},
    {0x9d, "server moved"},
    {0x9f, "connection rate exceeded"},
};

static const char *find_name(const struct code_name *names, size_t count,
                             uint8_t code) {
  for (size_t i = 0; i < count; i++) {
    if (names[i].code == code)
      return names[i].name;
  }
  return "another reason";
}

const char *stats_code_name(enum wk_mqtt_version version, uint8_t code) {
  if (version == WK_MQTT_311)
    return find_name(codes_311, sizeof codes_311 / sizeof *codes_311, code);
  return find_name(codes_5, sizeof codes_5 / sizeof *codes_5, code);
}

static void add_count(cJSON *object, const char *key, uint64_t value) {
  (void)cJSON_AddNumberToObject(object, key, (double)value);
}

static void add_refusals(cJSON *root, const struct stats *stats,
                         enum wk_mqtt_version version) {
  cJSON *object = cJSON_AddObjectToObject(root, "refusals");
  for (unsigned code = 0; code < 256; code++) {
    const char *name = stats_code_name(version, (uint8_t)code);
    if (stats->code[code] == 0)
      continue;
    /* Codes without a name of their own share one. */
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(object, name);
    const double sum = before ? before->valuedouble : 0;
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    (void)cJSON_AddNumberToObject(object, name,
                                  sum + (double)stats->code[code]);
  }
}

/* Milliseconds with three digits: no histogram knows more. */
static double in_ms(uint64_t ns) {
  return round((double)ns / MS_NS * 1000) / 1000;
}

static void add_latency(cJSON *root, const char *key,
                        const struct hist *hist) {
  cJSON *object = cJSON_AddObjectToObject(root, key);
  add_count(object, "count", hist->count);
  (void)cJSON_AddNumberToObject(object, "p50",
                                in_ms(hist_quantile(hist, 500)));
  (void)cJSON_AddNumberToObject(object, "p99",
                                in_ms(hist_quantile(hist, 990)));
  (void)cJSON_AddNumberToObject(object, "max", in_ms(hist->max));
}

char *stats_json(const struct stats *stats, const struct options *options) {
  const double elapsed = (double)(stats->ended - stats->started) / SECOND_NS;
  cJSON *root = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(root, "protocol",
                                options->version == WK_MQTT_5 ? "5" : "3.1.1");
  (void)cJSON_AddStringToObject(
      root, "profile",
      options->profile == PROFILE_MIX
          ? "mix"
          : profile_name((enum profile)options->profile));
  add_count(root, "seed", options->seed);
  add_count(root, "devices", options->devices);
  (void)cJSON_AddNumberToObject(root, "elapsed", round(elapsed * 1e3) / 1e3);
  add_count(root, "enrolled", stats->enrolled);
  add_count(root, "connects", stats->connects);
  add_count(root, "verified", stats->verified);
  add_count(root, "unverified", stats->unverified);
  add_count(root, "updates", stats->updates);
  add_count(root, "switches", stats->switches);
  add_count(root, "refused", stats->refused);
  add_refusals(root, stats, options->version);
  add_count(root, "unanswered", stats->unanswered);
  add_count(root, "disconnects", stats->disconnects);
  add_count(root, "gave_up", stats->gave_up);
  add_count(root, "published", stats->published);
  add_count(root, "resent", stats->resent);
  add_count(root, "acked", stats->acked);
  add_count(root, "rejected", stats->rejected);
  add_latency(root, "connect_ms", &stats->connect);
  add_latency(root, "publish_ms", &stats->publish);
  char *text = cJSON_Print(root);
  cJSON_Delete(root);
  return text;
}

enum wk_err stats_write(const struct stats *stats,
                        const struct options *options, struct wk_why *why) {
  char *text = stats_json(stats, options);
  if (!text)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  enum wk_err err = WK_OK;
  if (options->json)
    err = wk_file_replace(options->json, text, strlen(text), 0644, why);
  else if (puts(text) == EOF || fflush(stdout) == EOF)
    err = wk_fail(why, WK_ERR_IO, "standard output: cannot be written");
  cJSON_free(text);
  return err;
}

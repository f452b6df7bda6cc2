/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of schemas/sim-summary.schema.json. */
#include "stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>

#define MS_NS 1e6
#define SECOND_NS 1e9
#define MIB_KIB 1024.0

static void add_count(cJSON *object, const char *key, uint64_t value) {
  (void)cJSON_AddNumberToObject(object, key, (double)value);
}

/* No clock of ours knows more than a thousandth. */
static void add_rounded(cJSON *object, const char *key, double value) {
  (void)cJSON_AddNumberToObject(object, key, round(value * 1e3) / 1e3);
}

static void add_rate(cJSON *object, const char *key, double value) {
  if (isfinite(value))
    (void)cJSON_AddNumberToObject(object, key, value);
  else
    (void)cJSON_AddStringToObject(object, key, "unlimited");
}

static void add_latency(cJSON *root, const char *key,
                        const struct hist *hist) {
  static const struct {
    const char *name;
    unsigned per_mille;
  } points[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p99.9", 999}};
  cJSON *object = cJSON_AddObjectToObject(root, key);
  add_count(object, "count", hist->count);
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    add_rounded(object, points[i].name,
                (double)hist_quantile(hist, points[i].per_mille) / MS_NS);
  add_rounded(object, "max", (double)hist->max / MS_NS);
}

static void add_asked(cJSON *root, const struct options *options) {
  cJSON *object = cJSON_AddObjectToObject(root, "habits");
  (void)cJSON_AddStringToObject(root, "protocol",
                                options->version == WK_MQTT_5 ? "5" : "3.1.1");
  (void)cJSON_AddStringToObject(root, "profile", options->profile);
  add_count(root, "seed", options->seed);
  add_count(root, "devices", options->devices);
  add_rate(root, "connrate", options->connrate);
  for (size_t i = 0; i < HABITS; i++) {
    double value = 0;
    memcpy(&value, (const char *)&options->habits + habits_all[i].at,
           sizeof value);
    add_rate(object, habits_all[i].name, value);
  }
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

static void add_counts(cJSON *root, const struct stats *stats,
                       enum wk_mqtt_version version) {
  add_count(root, "enrolled", stats->enrolled);
  add_count(root, "connects", stats->connects);
  add_count(root, "verified", stats->verified);
  add_count(root, "unverified", stats->unverified);
  add_count(root, "updates", stats->updates);
  add_count(root, "switches", stats->switches);
  add_count(root, "refused", stats->refused);
  add_refusals(root, stats, version);
  add_count(root, "unanswered", stats->unanswered);
  add_count(root, "disconnects", stats->disconnects);
  add_count(root, "gave_up", stats->gave_up);
  add_count(root, "left", stats->left);
  add_count(root, "slept", stats->slept);
  add_count(root, "cut", stats->cut);
  add_count(root, "published", stats->published);
  add_count(root, "resent", stats->resent);
  add_count(root, "acked", stats->acked);
  add_count(root, "rejected", stats->rejected);
  add_count(root, "unsettled", stats->unsettled);
}

static double seconds(uint64_t from, uint64_t to) {
  return to > from ? (double)(to - from) / SECOND_NS : 0;
}

/* What another run of the same seed has otherwise. */
static void add_measured(cJSON *root, const struct stats *stats) {
  cJSON *object = cJSON_AddObjectToObject(root, "measured");
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_SELF, &usage);
  add_rounded(object, "enrol_s", seconds(stats->enrolling, stats->started));
  add_rounded(object, "elapsed_s", seconds(stats->started, stats->ended));
  add_count(object, "online_most", stats->online_most);
  add_rounded(object, "online_most_s",
              seconds(stats->started, stats->online_most_at));
  add_rounded(object, "memory_mib", (double)usage.ru_maxrss / MIB_KIB);
  add_latency(object, "connect_ms", &stats->connect);
  add_latency(object, "publish_ms", &stats->publish);
}

char *stats_json(const struct stats *stats, const struct options *options) {
  cJSON *root = cJSON_CreateObject();
  add_asked(root, options);
  add_counts(root, stats, options->version);
  add_measured(root, stats);
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

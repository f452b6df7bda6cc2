/* SPDX-License-Identifier: Apache-2.0 */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

double figures_median(const double *values, unsigned count) {
  double sorted[ROUNDS_MAX] = {0};
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_value);
  return sorted[count / 2];
}

static double ratio(const struct figures *entry, const struct figures *to) {
  double each[ROUNDS_MAX] = {0};
  for (unsigned i = 0; i < entry->rounds; i++)
    each[i] = entry->rate[i] / to->rate[i];
  return figures_median(each, entry->rounds);
}

static void print_flood(const char *what, const struct flood *flood) {
  (void)printf("p99 beside %.0f %s a second: %.0f us, quiet %.0f us (%.1fx)\n",
               flood->rate, what, flood->flooded_p99, flood->quiet_p99,
               flood->flooded_p99 / flood->quiet_p99);
}

void figures_print(const struct figures *entries, size_t count,
                   const struct fleet_figures *fleet) {
  (void)printf("%39s %17s %17s %20s\n", "", "latency, us", "times as many as",
               "processor, us");
  (void)printf("%-28s %10s %8s %8s %8s %8s %6s %6s %6s\n", "", "connects/s",
               "p50", "p99", "anonym.", "password", "loop", "all", "load");
  for (size_t i = 0; i < count; i++) {
    const struct figures *e = &entries[i];
    (void)printf(
        "%-28s %10.0f %8.0f %8.0f %8.2f %8.2f %6.1f %6.1f %6.1f\n", e->name,
        figures_median(e->rate, e->rounds), figures_median(e->p50, e->rounds),
        figures_median(e->p99, e->rounds), ratio(e, e->anonymous),
        ratio(e, e->password), figures_median(e->loop, e->rounds),
        figures_median(e->all, e->rounds), figures_median(e->load, e->rounds));
  }
  (void)printf("\nstart with %u devices      %.2f s\n"
               "memory a device                %.0f bytes\n\n",
               (unsigned)fleet->devices, fleet->start_seconds,
               fleet->device_bytes);
  print_flood("forged logins", &fleet->ours);
  print_flood("anonymous connects", &fleet->anonymous);
}

static void add_entries(cJSON *json, const struct figures *entries,
                        size_t count) {
  cJSON *list = cJSON_AddArrayToObject(json, "entries");
  for (size_t i = 0; i < count; i++) {
    const struct figures *e = &entries[i];
    cJSON *item = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(item, "name", e->name);
    (void)cJSON_AddNumberToObject(item, "connects_per_second",
                                  figures_median(e->rate, e->rounds));
    (void)cJSON_AddNumberToObject(item, "p50_us",
                                  figures_median(e->p50, e->rounds));
    (void)cJSON_AddNumberToObject(item, "p99_us",
                                  figures_median(e->p99, e->rounds));
    (void)cJSON_AddNumberToObject(item, "of_anonymous",
                                  ratio(e, e->anonymous));
    (void)cJSON_AddNumberToObject(item, "of_password_file",
                                  ratio(e, e->password));
    (void)cJSON_AddNumberToObject(item, "loop_us",
                                  figures_median(e->loop, e->rounds));
    (void)cJSON_AddNumberToObject(item, "all_us",
                                  figures_median(e->all, e->rounds));
    (void)cJSON_AddNumberToObject(item, "load_us",
                                  figures_median(e->load, e->rounds));
    (void)cJSON_AddNumberToObject(item, "not_accepted",
                                  (double)e->not_accepted);
    (void)cJSON_AddItemToArray(list, item);
  }
}

static void add_flood(cJSON *json, const char *name,
                      const struct flood *flood) {
  cJSON *item = cJSON_AddObjectToObject(json, name);
  (void)cJSON_AddNumberToObject(item, "per_second", flood->rate);
  (void)cJSON_AddNumberToObject(item, "quiet_p99_us", flood->quiet_p99);
  (void)cJSON_AddNumberToObject(item, "flooded_p99_us", flood->flooded_p99);
}

bool figures_write(const char *path, const struct figures *entries,
                   size_t count, const struct fleet_figures *fleet) {
  cJSON *json = cJSON_CreateObject();
  add_entries(json, entries, count);
  (void)cJSON_AddNumberToObject(json, "start_seconds", fleet->start_seconds);
  (void)cJSON_AddNumberToObject(json, "bytes_per_device", fleet->device_bytes);
  add_flood(json, "flood", &fleet->ours);
  add_flood(json, "flood_of_anonymous", &fleet->anonymous);
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  struct wk_why why = {"out of memory"};
  const bool done =
      text && wk_file_replace(path, text, strlen(text), 0644, &why) == WK_OK;
  cJSON_free(text);
  if (!done)
    (void)fprintf(stderr, "%s\n", why.text);
  return done;
}

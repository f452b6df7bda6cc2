/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <whitekey/json.h>
#include <whitekey/steady.h>

#define PAUSE_MS 10

enum wk_err evidence_begin(struct evidence *evidence, const char *registry,
                           struct wk_why *why) {
  memset(evidence, 0, sizeof *evidence);
  const enum wk_err err =
      wk_audit_path(evidence->path, sizeof evidence->path, registry, why);
  FILE *file = err == WK_OK ? fopen(evidence->path, "rbe") : NULL;
  if (!file)
    return err;
  if (fseek(file, 0, SEEK_END) == 0)
    evidence->begin = ftell(file);
  (void)fclose(file);
  return WK_OK;
}

static bool is_text(const cJSON *item, const char *text) {
  return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static bool says(const cJSON *line, const char *did, const char *word) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(line, "d_id");
  const cJSON *alarm;
  if (name && !is_text(name, did))
    return false;
  cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(line, "alarms")) {
    if (is_text(alarm, word))
      return true;
  }
  return is_text(cJSON_GetObjectItemCaseSensitive(line, "reason"), word) ||
         is_text(cJSON_GetObjectItemCaseSensitive(line, "result"), word);
}

static bool line_says(const struct evidence *evidence, const char *did,
                      const char *word) {
  cJSON *line = NULL;
  const bool found =
      wk_json_parse(&line, evidence->line, strlen(evidence->line),
                    evidence->path, NULL) == WK_OK &&
      says(line, did, word);
  cJSON_Delete(line);
  return found;
}

static bool search(struct evidence *evidence, const char *did,
                   const char *word) {
  bool found = false;
  FILE *file = fopen(evidence->path, "rbe");
  if (!file)
    return false;
  if (fseek(file, evidence->begin, SEEK_SET) == 0) {
    while (!found && fgets(evidence->line, sizeof evidence->line, file)) {
      evidence->line[strcspn(evidence->line, "\n")] = '\0';
      found = line_says(evidence, did, word);
    }
  }
  (void)fclose(file);
  return found;
}

bool evidence_find(struct evidence *evidence, const char *did,
                   const char *word, int64_t wait_ms) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  const int64_t until = wk_steady_ms() + wait_ms;
  while (!search(evidence, did, word)) {
    if (wk_steady_ms() >= until) {
      evidence->line[0] = '\0';
      return false;
    }
    (void)nanosleep(&pause, NULL);
  }
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <whitekey/json.h>

#define WAIT_MS 20
#define WAITS 100

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

static bool is_refusal(struct evidence *evidence, const char *did) {
  cJSON *object = NULL;
  const char *event = NULL;
  const char *name = NULL;
  const char *reason = NULL;
  const char *where = evidence->path;
  bool found = wk_json_parse(&object, evidence->line, strlen(evidence->line),
                             where, NULL) == WK_OK &&
               wk_json_text(&event, object, "event", where, NULL) == WK_OK &&
               wk_json_text(&name, object, "d_id", where, NULL) == WK_OK &&
               wk_json_text(&reason, object, "reason", where, NULL) == WK_OK &&
               strcmp(event, "login") == 0 && strcmp(name, did) == 0 &&
               strcmp(reason, "ok") != 0;
  if (found)
    (void)snprintf(evidence->reason, sizeof evidence->reason, "%s", reason);
  cJSON_Delete(object);
  return found;
}

static bool search(struct evidence *evidence, const char *did) {
  bool found = false;
  FILE *file = fopen(evidence->path, "rbe");
  if (!file)
    return false;
  if (fseek(file, evidence->begin, SEEK_SET) == 0) {
    while (!found && fgets(evidence->line, sizeof evidence->line, file)) {
      evidence->line[strcspn(evidence->line, "\n")] = '\0';
      found = is_refusal(evidence, did);
    }
  }
  if (found)
    evidence->begin = ftell(file);
  (void)fclose(file);
  return found;
}

bool evidence_next(struct evidence *evidence, const char *did) {
  const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};
  for (int i = 0; i < WAITS; i++) {
    if (search(evidence, did))
      return true;
    (void)nanosleep(&pause, NULL);
  }
  evidence->line[0] = '\0';
  evidence->reason[0] = '\0';
  return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/audit.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

struct wk_audit {
  int fd;
  unsigned lost; /* lines that could not be written since the last one */
};

enum wk_err wk_audit_path(char *path, size_t len, const char *registry_path,
                          struct wk_why *why) {
  const int need = snprintf(path, len, "%s.audit.jsonl", registry_path);
  if (need < 0 || (size_t)need >= len)
    return wk_fail(why, WK_ERR_IO, "%s: path too long", registry_path);
  return WK_OK;
}

enum wk_err wk_audit_open(struct wk_audit **audit, const char *registry_path,
                          struct wk_why *why) {
  char path[PATH_MAX];
  *audit = NULL;
  const enum wk_err err = wk_audit_path(path, sizeof path, registry_path, why);
  if (err != WK_OK)
    return err;
  struct wk_audit *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  made->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (made->fd < 0) {
    free(made);
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  }
  *audit = made;
  return WK_OK;
}

void wk_audit_close(struct wk_audit *audit) {
  if (!audit)
    return;
  (void)close(audit->fd);
  free(audit);
}

/* UTC with milliseconds, RFC 3339. */
static void add_now(cJSON *event) {
  struct timespec now;
  struct tm utc;
  char day[32];
  char text[48];
  (void)clock_gettime(CLOCK_REALTIME, &now);
  (void)gmtime_r(&now.tv_sec, &utc);
  (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
  (void)snprintf(text, sizeof text, "%s.%03dZ", day,
                 (int)(now.tv_nsec / 1000000));
  (void)cJSON_AddStringToObject(event, "time", text);
}

/* A peer's text: at most 64 characters, printable ASCII. */
static void add_text(cJSON *event, const char *key, const char *text) {
  char safe[65];
  if (!text)
    return;
  size_t len = 0;
  for (const char *at = text; *at != '\0' && len < sizeof safe - 1; at++)
    safe[len++] = *at >= 0x20 && *at < 0x7f ? *at : '?';
  safe[len] = '\0';
  (void)cJSON_AddStringToObject(event, key, safe);
}

static void add_alarms(cJSON *event, unsigned alarms) {
  static const char *const names[] = {"clone", "chain", "suspect", "epoch",
                                      "vouch"};
  if (alarms == 0)
    return;
  cJSON *list = cJSON_AddArrayToObject(event, "alarms");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if ((alarms & 1u << i) != 0)
      (void)cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
  }
}

static size_t print(char line[WK_AUDIT_LINE_MAX], cJSON *event) {
  const bool done = event && cJSON_PrintPreallocated(
                                 event, line, (int)WK_AUDIT_LINE_MAX - 1, 0);
  cJSON_Delete(event);
  if (!done)
    line[0] = '\0';
  return strlen(line);
}

size_t wk_audit_login_line(char line[WK_AUDIT_LINE_MAX],
                           const struct wk_attempt *attempt,
                           const struct wk_verdict *verdict,
                           const char *method, const char *address) {
  cJSON *event = cJSON_CreateObject();
  add_now(event);
  add_text(event, "event", "login");
  if (attempt->did[0] != '\0')
    add_text(event, "d_id", attempt->did);
  add_text(event, "reason", wk_reason_name(verdict->reason, verdict->user));
  add_text(event, "method", method);
  add_text(event, "address", address);
  add_text(event, "client_id", attempt->client_id);
  if (verdict->index != 0) {
    (void)cJSON_AddNumberToObject(event, "epoch", verdict->epoch);
    (void)cJSON_AddNumberToObject(event, "index", verdict->index);
  }
  add_alarms(event, verdict->alarms);
  if (verdict->evidence != WK_EVIDENCE_NONE)
    add_text(event, "evidence",
             verdict->evidence == WK_EVIDENCE_TIME ? "time" : "challenge");
  if (verdict->quarantined)
    (void)cJSON_AddTrueToObject(event, "quarantined");
  return print(line, event);
}

static bool write_line(struct wk_audit *audit, char *line, size_t len) {
  line[len] = '\n';
  return len > 0 && write(audit->fd, line, len + 1) == (ssize_t)(len + 1);
}

/* Lines that a full disk swallowed are told of by the next that gets in. */
static void append(struct wk_audit *audit, char *line, size_t len) {
  if (audit->lost > 0) {
    char gap[WK_AUDIT_LINE_MAX];
    cJSON *event = cJSON_CreateObject();
    add_now(event);
    add_text(event, "event", "lost");
    (void)cJSON_AddNumberToObject(event, "lines", audit->lost);
    if (write_line(audit, gap, print(gap, event)))
      audit->lost = 0;
  }
  if (!write_line(audit, line, len))
    audit->lost++;
}

void wk_audit_login(struct wk_audit *audit, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address) {
  char line[WK_AUDIT_LINE_MAX];
  const size_t len =
      wk_audit_login_line(line, attempt, verdict, method, address);
  append(audit, line, len);
}

void wk_audit_admin(struct wk_audit *audit, const char *event,
                    const char *did) {
  char line[WK_AUDIT_LINE_MAX];
  cJSON *object = cJSON_CreateObject();
  add_now(object);
  add_text(object, "event", event);
  add_text(object, "d_id", did);
  append(audit, line, print(line, object));
}

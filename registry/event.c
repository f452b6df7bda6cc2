/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <string.h>

/* A peer's text: cut, and printable ASCII. */
static void copy_text(char *to, size_t size, const char *text) {
  size_t len = 0;
  for (; text && len < size - 1 && text[len] != '\0'; len++)
    to[len] = text[len] >= 0x20 && text[len] < 0x7f ? text[len] : '?';
  to[len] = '\0';
}

void wk_event_init(struct wk_event *event, const char *name, const char *did) {
  memset(event, 0, sizeof *event);
  (void)clock_gettime(CLOCK_REALTIME, &event->time);
  event->event = name;
  copy_text(event->did, sizeof event->did, did);
}

void wk_event_act(struct wk_event *event, const struct wk_act *act) {
  wk_event_init(event, act->event, act->did);
  copy_text(event->role, sizeof event->role, act->role);
  copy_text(event->by, sizeof event->by, act->by);
}

void wk_event_login(struct wk_event *event, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address) {
  wk_event_init(event, "login", attempt->did);
  event->reason = wk_reason_name(verdict->reason, verdict->user);
  event->method = method;
  copy_text(event->address, sizeof event->address, address);
  copy_text(event->client_id, sizeof event->client_id, attempt->client_id);
  event->epoch = verdict->epoch;
  event->index = verdict->index;
  event->alarms = verdict->alarms;
  event->evidence = verdict->evidence;
  event->quarantined = verdict->quarantined;
  event->late = attempt->late;
}

void wk_event_note(struct wk_event *event, const struct wk_audit_note *note) {
  wk_event_init(event, note->event, note->did);
  event->result = note->result;
  copy_text(event->address, sizeof event->address, note->address);
  copy_text(event->client_id, sizeof event->client_id, note->client_id);
  event->epoch = note->epoch;
  event->index = note->index;
  event->count = note->count;
}

/*
 * The longest line, all of it escaped, is well below WK_AUDIT_LINE_MAX:
 * 3 texts of 64 doubled, and about 350 characters of frame.
 */
struct line {
  char *text;
  size_t len;
};

static void put(struct line *line, const char *text) {
  const size_t len = strlen(text);
  memcpy(line->text + line->len, text, len + 1);
  line->len += len;
}

static void put_quoted(struct line *line, const char *text) {
  line->text[line->len++] = '"';
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      line->text[line->len++] = '\\';
    line->text[line->len++] = *text;
  }
  line->text[line->len++] = '"';
  line->text[line->len] = '\0';
}

static void put_text(struct line *line, const char *key, const char *text) {
  if (!text || text[0] == '\0')
    return;
  put(line, ",\"");
  put(line, key);
  put(line, "\":");
  put_quoted(line, text);
}

/* At least `width` digits, with leading zeros. */
static void put_digits(struct line *line, uint32_t number, unsigned width) {
  char digits[10];
  unsigned count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0 || count < width);
  while (count > 0)
    line->text[line->len++] = digits[--count];
}

static void put_number(struct line *line, const char *key, uint32_t number) {
  put(line, ",\"");
  put(line, key);
  put(line, "\":");
  put_digits(line, number, 1);
}

/* UTC with milliseconds, RFC 3339. */
static void put_time(struct line *line, const struct timespec *time) {
  struct tm utc;
  (void)gmtime_r(&time->tv_sec, &utc);
  put(line, "{\"time\":\"");
  put_digits(line, (uint32_t)utc.tm_year + 1900, 4);
  put(line, "-");
  put_digits(line, (uint32_t)utc.tm_mon + 1, 2);
  put(line, "-");
  put_digits(line, (uint32_t)utc.tm_mday, 2);
  put(line, "T");
  put_digits(line, (uint32_t)utc.tm_hour, 2);
  put(line, ":");
  put_digits(line, (uint32_t)utc.tm_min, 2);
  put(line, ":");
  put_digits(line, (uint32_t)utc.tm_sec, 2);
  put(line, ".");
  put_digits(line, (uint32_t)(time->tv_nsec / 1000000), 3);
  put(line, "Z\"");
}

static void put_alarms(struct line *line, unsigned alarms) {
  static const char *const names[] = {"\"clone\"", "\"chain\"", "\"suspect\"",
                                      "\"epoch\"", "\"vouch\""};
  const char *comma = "";
  if (alarms == 0)
    return;
  put(line, ",\"alarms\":[");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if ((alarms & 1u << i) == 0)
      continue;
    put(line, comma);
    put(line, names[i]);
    comma = ",";
  }
  put(line, "]");
}

size_t wk_event_line(char text[WK_AUDIT_LINE_MAX],
                     const struct wk_event *event) {
  struct line line = {text, 0};
  put_time(&line, &event->time);
  put_text(&line, "event", event->event);
  put_text(&line, "d_id", event->did);
  put_text(&line, "role", event->role);
  put_text(&line, "by", event->by);
  put_text(&line, "reason", event->reason);
  put_text(&line, "result", event->result);
  put_text(&line, "method", event->method);
  put_text(&line, "address", event->address);
  put_text(&line, "client_id", event->client_id);
  if (event->index != 0) {
    put_number(&line, "epoch", event->epoch);
    put_number(&line, "index", event->index);
  }
  put_alarms(&line, event->alarms);
  if (event->evidence != WK_EVIDENCE_NONE)
    put_text(&line, "evidence",
             event->evidence == WK_EVIDENCE_TIME ? "time" : "challenge");
  if (event->quarantined)
    put(&line, ",\"quarantined\":true");
  if (event->late)
    put(&line, ",\"late\":true");
  if (event->lines != 0)
    put_number(&line, "lines", event->lines);
  if (event->count != 0)
    put_number(&line, "count", event->count);
  put(&line, "}\n");
  return line.len;
}

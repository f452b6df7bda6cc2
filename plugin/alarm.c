/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms on whitekey/v1/events: what an operator must hear of. */
#include "plugin.h"

#include <string.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

#include "topics.h"

/* One level of a topic: nothing a peer sent that is not a device name. */
const char *wk_shown_did(const char *did) {
  return did && did[0] != '\0' ? did : "-";
}

static void publish(const char *did, char *line, size_t len) {
  char topic[WK_TOPIC_MAX];
  wk_topic_events(topic, wk_shown_did(did));
  if (mosquitto_broker_publish_copy(NULL, topic, (int)len, line, 1, false,
                                    NULL) != 0)
    wk_log(WK_LOG_ERROR, "out of memory: no alarm for device %s",
           wk_shown_did(did));
}

static bool is_held(struct wk_plugin *plugin, struct wk_limit *limit) {
  unsigned held;
  if (wk_limit_pass(limit, wk_steady_ms(), &held))
    return false;
  wk_metrics_held(plugin->metrics);
  return true;
}

/*
 * Who heard a password can raise "suspect" at will, so these have a limit of
 * their own: no flood of them hides what takes a device's key. A quarantine is
 * told in any case; it comes once until an operator ends it.
 */
void wk_alarm_login(struct wk_plugin *plugin, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address) {
  char line[WK_AUDIT_LINE_MAX];
  const bool cheap = (verdict->alarms & ~(unsigned)WK_ALARM_SUSPECT) == 0;
  if (!verdict->quarantined &&
      is_held(plugin, cheap ? &plugin->cheap_alarms : &plugin->key_alarms))
    return;
  publish(attempt->did, line,
          wk_audit_login_line(line, attempt, verdict, method, address));
}

static void publish_note(const struct wk_audit_note *note) {
  char line[WK_AUDIT_LINE_MAX];
  publish(note->did, line, wk_audit_note_line(line, note));
}

enum news { NO_NEWS, BEGUN, LASTING, OVER };

/* At most a line a minute while it lasts, and one when it is over. */
static enum news news_of(struct wk_trouble *trouble, bool healthy,
                         int64_t now) {
  const bool was_told = trouble->told;
  if (healthy) {
    trouble->told = false;
    return was_told ? OVER : NO_NEWS;
  }
  if (trouble->told_at != 0 && now - trouble->told_at < WK_THROTTLE_TELL_MS)
    return NO_NEWS;
  trouble->told = true;
  trouble->told_at = now;
  return was_told ? LASTING : BEGUN;
}

static void watch_store(struct wk_plugin *plugin, int64_t now) {
  struct wk_why why;
  const bool healthy = wk_server_healthy(plugin->server, &why);
  const enum news news = news_of(&plugin->shared->store_trouble, healthy, now);
  const struct wk_audit_note note = {
      .event = "store", .result = healthy ? "working" : "failing"};
  if (news == OVER)
    wk_log(WK_LOG_NOTICE, "the registry can be written again");
  else if (news != NO_NEWS)
    wk_log(WK_LOG_ERROR,
           "the registry cannot be written: %s; logins are refused, sessions "
           "stay",
           why.text);
  if (news == BEGUN || news == OVER) {
    wk_audit_note(plugin->audit, &note);
    publish_note(&note);
  }
}

/* It cannot tell of itself. */
static void watch_audit(struct wk_plugin *plugin, int64_t now) {
  struct wk_why why;
  const bool healthy = wk_audit_healthy(plugin->audit, &why);
  const enum news news = news_of(&plugin->shared->audit_trouble, healthy, now);
  if (news == OVER)
    wk_log(WK_LOG_NOTICE, "the audit file can be written again");
  else if (news != NO_NEWS)
    wk_log(WK_LOG_ERROR,
           "the audit file cannot be written: %s; logins go on, %llu events "
           "are lost",
           why.text, (unsigned long long)wk_audit_lost(plugin->audit));
}

void wk_alarm_throttle(struct wk_plugin *plugin, const char *address,
                       unsigned count) {
  const struct wk_audit_note note = {.event = "throttle",
                                     .result =
                                         count == 0 ? "begun" : "counted",
                                     .address = address,
                                     .count = count};
  if (count == 0)
    wk_log(WK_LOG_WARNING, "refusals from %s are only counted from now on",
           address ? address : "-");
  else
    wk_log(WK_LOG_NOTICE, "%u more refusals from %s", count, address);
  wk_audit_note(plugin->audit, &note);
  if (!is_held(plugin, &plugin->cheap_alarms))
    publish_note(&note);
}

bool wk_alarm_refusal(struct wk_plugin *plugin, const char *address) {
  const enum wk_throttled throttled =
      wk_throttle_refusal(plugin->throttle, address, wk_steady_ms());
  if (throttled == WK_THROTTLE_BEGIN)
    wk_alarm_throttle(plugin, address, 0);
  return throttled == WK_THROTTLE_PASS;
}

void wk_alarm_tick(struct wk_plugin *plugin) {
  char address[WK_THROTTLE_TEXT];
  unsigned count;
  const int64_t now = wk_steady_ms();
  watch_store(plugin, now);
  watch_audit(plugin, now);
  if (now - plugin->throttle_looked_at < WK_THROTTLE_LOOK_MS)
    return;
  plugin->throttle_looked_at = now;
  while ((count = wk_throttle_due(plugin->throttle, now, address)) > 0)
    wk_alarm_throttle(plugin, address, count);
}

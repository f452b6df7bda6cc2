/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin.h"

#include <string.h>
#include <time.h>

#include <whitekey/log.h>

#include "topics.h"

int64_t wk_now(void) {
  return (int64_t)time(NULL);
}

int64_t wk_now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One level of a topic: nothing a peer sent that is not a device name. */
static const char *shown_did(const struct wk_attempt *attempt) {
  return attempt->did[0] != '\0' ? attempt->did : "-";
}

static void report(struct wk_plugin *plugin, const struct wk_attempt *attempt,
                   const struct wk_verdict *verdict, const char *address) {
  unsigned held;
  if (!wk_limit_pass(&plugin->refusals, wk_now_ms(), &held))
    return;
  if (held > 0)
    wk_log(WK_LOG_NOTICE, "%u more refusals: see the audit file", held);
  wk_log(WK_LOG_NOTICE, "refused device %s, client %.64s, from %s: %s",
         shown_did(attempt), attempt->client_id ? attempt->client_id : "-",
         address ? address : "-",
         wk_reason_name(verdict->reason, verdict->user));
}

static void raise_alarm(struct wk_plugin *plugin,
                        const struct wk_attempt *attempt,
                        const struct wk_verdict *verdict, const char *method,
                        const char *address) {
  char line[WK_AUDIT_LINE_MAX];
  char topic[WK_TOPIC_MAX];
  unsigned held;
  /* Who heard a password can raise "suspect" at will: a quarantine is told
   * all the same, and it comes once until an operator ends it. */
  if (!wk_limit_pass(&plugin->alarms, wk_now_ms(), &held) &&
      !verdict->quarantined)
    return;
  const size_t len =
      wk_audit_login_line(line, attempt, verdict, method, address);
  wk_topic_events(topic, shown_did(attempt));
  if (len == 0 || mosquitto_broker_publish_copy(NULL, topic, (int)len, line, 1,
                                                false, NULL) != 0)
    wk_log(WK_LOG_ERROR, "out of memory: no alarm for device %s",
           shown_did(attempt));
}

static void quarantine(struct wk_plugin *plugin, const char *did) {
  wk_log(WK_LOG_WARNING, "device %s was copied: quarantined", did);
  for (struct wk_session *s = wk_sessions_of(plugin->sessions, did); s;
       s = wk_session_next_of(s))
    wk_session_close(s);
}

enum wk_reason wk_login(struct wk_plugin *plugin, struct mosquitto *client,
                        struct wk_attempt *attempt, const char *method,
                        struct wk_verdict *verdict) {
  const char *address = mosquitto_client_address(client);
  attempt->now = wk_now();
  attempt->client_id = mosquitto_client_id(client);
  attempt->client_id_taken =
      attempt->client_id &&
      wk_sessions_taken(plugin->sessions, attempt->client_id, attempt->did);
  const uint64_t begin = now_ns();
  const enum wk_reason reason = wk_server_login(
      plugin->server, &plugin->options.policy, attempt, verdict);
  wk_metrics_login(plugin->metrics, verdict, now_ns() - begin);
  wk_audit_login(plugin->audit, attempt, verdict, method, address);
  if (reason != WK_REASON_OK)
    report(plugin, attempt, verdict, address);
  if (verdict->quarantined)
    quarantine(plugin, attempt->did);
  if (verdict->alarms != 0)
    raise_alarm(plugin, attempt, verdict, method, address);
  return reason;
}

struct wk_session *wk_admit(struct wk_plugin *plugin,
                            const struct mosquitto *client,
                            const struct wk_attempt *attempt,
                            const struct wk_verdict *verdict) {
  struct wk_session *session = wk_sessions_add(
      plugin->sessions, client, attempt->client_id, attempt->did);
  if (!session)
    return NULL;
  session->accepted = verdict->accepted;
  session->version = plugin->version;
  /* Protocol section 3: the X4 for D follows on the topic. Not only after a
   * switch: a client whose X3 was lost has to hear status 1 once. */
  if (session->accepted.d_index != 0)
    session->x4_waits |= 1u << WK_X4_LOGIN_D;
  if (!plugin->options.many_sessions)
    wk_sessions_close_older(plugin->sessions, session);
  return session;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin.h"

#include <string.h>
#include <time.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

int64_t wk_now(void) {
  return (int64_t)time(NULL);
}

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void report(struct wk_plugin *plugin, const struct wk_attempt *attempt,
                   const struct wk_verdict *verdict, const char *address) {
  unsigned held;
  if (!wk_limit_pass(&plugin->refusals, wk_steady_ms(), &held))
    return;
  if (held > 0)
    wk_log(WK_LOG_NOTICE, "%u more refusals: see the audit file", held);
  wk_log(WK_LOG_NOTICE, "refused device %s, client %.64s, from %s: %s%s",
         wk_shown_did(attempt->did),
         attempt->client_id ? attempt->client_id : "-",
         address ? address : "-",
         wk_reason_name(verdict->reason, verdict->user),
         attempt->late ? ", late" : "");
}

/* Anybody can cause these, and at will; not what takes a device's key. */
static bool is_junk(const struct wk_verdict *verdict) {
  return verdict->reason != WK_REASON_OK &&
         (verdict->alarms & ~(unsigned)WK_ALARM_SUSPECT) == 0;
}

/* Audit, log and alarm: junk beyond its address's share is only counted. */
static void tell(struct wk_plugin *plugin, const struct wk_attempt *attempt,
                 const struct wk_verdict *verdict, const char *method,
                 const char *address) {
  if (is_junk(verdict) && !wk_alarm_refusal(plugin, address)) {
    if (verdict->alarms != 0)
      wk_metrics_held(plugin->metrics);
    return;
  }
  wk_audit_login(plugin->audit, attempt, verdict, method, address);
  if (verdict->reason != WK_REASON_OK)
    report(plugin, attempt, verdict, address);
  if (verdict->alarms != 0)
    wk_alarm_login(plugin, attempt, verdict, method, address);
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
  tell(plugin, attempt, verdict, method, address);
  if (verdict->quarantined)
    quarantine(plugin, attempt->did);
  return reason;
}

bool wk_refuse_nameless(struct wk_plugin *plugin,
                        const struct mosquitto *client) {
  const struct wk_attempt attempt = {.client_id = mosquitto_client_id(client)};
  const struct wk_verdict verdict = {.reason = WK_REASON_CLIENT_ID};
  const uint64_t begin = now_ns();
  if (!attempt.client_id ||
      (!wk_sessions_taken(plugin->sessions, attempt.client_id, NULL) &&
       !wk_server_knows(plugin->server, attempt.client_id)))
    return false;
  wk_metrics_login(plugin->metrics, &verdict, now_ns() - begin);
  tell(plugin, &attempt, &verdict, "password",
       mosquitto_client_address(client));
  return true;
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
  session->version = plugin->shared->version;
  /* Protocol section 3: the X4 for D follows on the topic. Not only after a
   * switch: a client whose X3 was lost has to hear status 1 once. */
  if (session->accepted.d_index != 0)
    session->x4_waits |= 1u << WK_X4_LOGIN_D;
  if (!plugin->options.many_sessions)
    wk_sessions_close_older(plugin->sessions, session);
  return session;
}

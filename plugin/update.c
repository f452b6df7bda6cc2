/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key updates: X3 on a device's own topic, X4 back (protocol section 6).
 *
 * The broker shows a message here once it may be published. X3 is for the
 * server alone: what goes on is an empty message, which nobody may read
 * anyway, because bridges are not asked whether they may.
 */
#include "plugin.h"

#include <whitekey/log.h>
#include <whitekey/steady.h>

#include "topics.h"

/* What became of it, for the audit. */
static const char *result_of(enum wk_err err, enum wk_status status) {
  if (err == WK_ERR_MALFORMED)
    return "malformed";
  if (err != WK_OK)
    return "forged";
  return status == WK_STATUS_PENDING ? "taken" : "refused";
}

/* A device may send as many as it likes: what is refused is throttled. */
static void report(struct wk_plugin *plugin, const struct wk_session *session,
                   const struct mosquitto *client, enum wk_err err,
                   enum wk_status status) {
  unsigned held;
  const char *address = mosquitto_client_address(client);
  const bool taken = err == WK_OK && status == WK_STATUS_PENDING;
  if (!taken && !wk_alarm_refusal(plugin, address))
    return;
  const char *result = result_of(err, status);
  const struct wk_audit_note note = {.event = "update",
                                     .result = result,
                                     .did = session->did,
                                     .address = address,
                                     .client_id = session->client_id,
                                     .epoch = session->accepted.c_epoch,
                                     .index = session->accepted.c_index};
  wk_audit_note(plugin->audit, &note);
  if (wk_limit_pass(&plugin->refusals, wk_steady_ms(), &held))
    wk_log(WK_LOG_NOTICE, "key update of device %s, client %.64s: %s",
           session->did, session->client_id, result);
}

static enum wk_err update(struct wk_plugin *plugin, struct wk_session *session,
                          const struct mosquitto_evt_message *message,
                          enum wk_status *status) {
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  enum wk_err err =
      wk_b64_parse(x3, sizeof x3, message->payload, message->payloadlen);
  if (err != WK_OK)
    return WK_ERR_MALFORMED;
  err = wk_server_update(plugin->server, &session->accepted, x3, sizeof x3,
                         wk_now(), x4, status);
  if (err == WK_OK)
    wk_x4_answer(session, x4);
  return err;
}

int wk_on_message(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  struct mosquitto_evt_message *message = event_data;
  struct wk_topic topic;
  enum wk_status status = WK_STATUS_REFUSED;
  (void)event;
  wk_topic_parse(&topic, message->topic);
  if (topic.kind != WK_TOPIC_X3)
    return plugin->broker->message.pass;
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, message->client);
  /* Another plugin may have let it pass before wk_on_acl() was asked. */
  if (!session || session->state != WK_SESSION_LIVE ||
      wk_topic_answer(&topic, WK_ACCESS_WRITE, session->did) !=
          WK_ANSWER_ALLOW)
    return plugin->broker->message.deny;
  const enum wk_err err = update(plugin, session, message, &status);
  report(plugin, session, message->client, err, status);
  if (err != WK_OK)
    return plugin->broker->message.deny;
  message->payload = NULL; /* the broker frees the old one */
  message->payloadlen = 0;
  message->retain = false;
  return plugin->broker->message.pass;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $CONTROL/whitekey/v1: administration through the broker, for devices of the
 * role admin. The broker may have asked nobody whether this client may publish
 * here (it does not without any ACL), so the role is looked at again.
 */
#include "plugin.h"

#include <string.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

/* What all clients may wait for an operator's act. */
#define AT_ONCE_MS 2
#define WITHOUT_TICKS_MS 100

/* To the device that asked, on the connection that asked: its client id may
 * have gone over to another one meanwhile, and the answer may hold a key. */
static void respond(const struct wk_plugin *plugin,
                    const struct wk_request *request) {
  const struct wk_session *session =
      wk_sessions_of(plugin->sessions, request->did);
  while (session && (session->state != WK_SESSION_LIVE ||
                     strcmp(session->client_id, request->client_id) != 0))
    session = wk_session_next_of(session);
  if (!session)
    return;
  if (!request->answer ||
      mosquitto_broker_publish_copy(
          request->client_id, WK_CONTROL_TOPIC "/response",
          (int)strlen(request->answer), request->answer, 1, false, NULL) != 0)
    wk_log(WK_LOG_ERROR, "out of memory: no response for device %s",
           request->did);
}

/* Whoever may publish can ask as often as he likes: what is refused is told as
 * other refusals are. */
static void tell_refusal(struct wk_plugin *plugin,
                         const struct wk_audit_note *note, const char *why) {
  unsigned held;
  wk_metrics_control_refused(plugin->metrics);
  if (!wk_alarm_refusal(plugin, note->address))
    return;
  wk_audit_note(plugin->audit, note);
  if (wk_limit_pass(&plugin->refusals, wk_steady_ms(), &held))
    wk_log(WK_LOG_WARNING, "refused administration by client %.64s: %s",
           note->client_id ? note->client_id : "-", why);
}

static void refuse_client(struct wk_plugin *plugin,
                          const struct mosquitto *client,
                          const struct wk_session *session) {
  const struct wk_audit_note note = {.event = "control",
                                     .result = "refused",
                                     .did = session ? session->did : NULL,
                                     .address =
                                         mosquitto_client_address(client),
                                     .client_id = mosquitto_client_id(client)};
  tell_refusal(plugin, &note, "it is no device of the role admin");
}

static void finish(struct wk_plugin *plugin, struct wk_request *request) {
  const struct wk_audit_note note = {.event = "control",
                                     .result = "refused",
                                     .did = request->did,
                                     .address = request->address,
                                     .client_id = request->client_id};
  respond(plugin, request);
  if (request->refusal.text[0] != '\0')
    tell_refusal(plugin, &note, request->refusal.text);
  wk_request_free(request);
}

void wk_control_respond(struct wk_plugin *plugin) {
  struct wk_request *request;
  while ((request = wk_office_take(plugin->office)))
    finish(plugin, request);
}

static void ask(struct wk_plugin *plugin, const struct wk_session *session,
                const struct mosquitto_evt_control *asked) {
  struct wk_request *request =
      wk_request_new(&session->accepted, session->client_id,
                     mosquitto_client_address(asked->client), asked->payload,
                     asked->payloadlen, wk_metrics_text(plugin));
  if (!request) {
    wk_log(WK_LOG_ERROR, "out of memory: no response for device %s",
           session->did);
    return;
  }
  if (!wk_office_ask(plugin->office, request))
    finish(plugin, request);
  /* What is done at once is answered at once, the rest from the next tick. A
   * broker that does not tick has to be woken, and not all can be. */
  wk_office_wait(plugin->office,
                 plugin->ticks ? AT_ONCE_MS : WITHOUT_TICKS_MS);
  wk_control_respond(plugin);
}

int wk_on_control(int event, void *event_data, void *userdata) {
  const struct mosquitto_evt_control *asked = event_data;
  struct wk_plugin *plugin = wk_plugin_of(userdata, asked->client);
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  (void)event;
  if (session && session->state == WK_SESSION_LIVE &&
      wk_server_admits(plugin->server, session->did,
                       session->accepted.generation) &&
      wk_server_is_admin(plugin->server, session->did))
    ask(plugin, session, asked);
  else
    refuse_client(plugin, asked->client, session);
  return plugin->broker->control;
}

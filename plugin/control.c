/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $CONTROL/whitekey/v1: administration through the broker, for devices of the
 * role admin. The broker may have asked nobody whether this client may publish
 * here (it does not without any ACL), so the role is looked at again.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>

#include "commands.h"

/*
 * Its own connection to the registry's file, as the command line's: the
 * server, and others, take the changes in from there.
 */
static enum wk_err open_office(struct wk_plugin *plugin, struct wk_why *why) {
  if (plugin->office)
    return WK_OK;
  return wk_registry_open(&plugin->office, plugin->options.registry,
                          plugin->options.master_key_file, why);
}

static void respond(struct wk_plugin *plugin, const struct wk_session *session,
                    const struct mosquitto_evt_control *asked) {
  struct wk_why why;
  if (open_office(plugin, &why) != WK_OK) {
    wk_log(WK_LOG_ERROR, "%s", why.text);
    return;
  }
  const struct wk_commands commands = {.registry = plugin->office,
                                       .audit = plugin->audit,
                                       .by = session->did,
                                       .metrics = wk_metrics_text,
                                       .context = plugin};
  char *answer =
      wk_commands_answer(&commands, asked->payload, asked->payloadlen);
  const size_t len = answer ? strlen(answer) : 0;
  if (!answer || mosquitto_broker_publish_copy(
                     session->client_id, WK_CONTROL_TOPIC "/response",
                     (int)len, answer, 1, false, NULL) != 0)
    wk_log(WK_LOG_ERROR, "out of memory: no response for device %s",
           session->did);
  if (answer)
    wk_wipe(answer, len); /* it may hold a new device's key */
  free(answer);
}

/* Whatever else is returned ends the connection. */
int wk_on_control(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_control *asked = event_data;
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  unsigned held;
  (void)event;
  if (session && session->state == WK_SESSION_LIVE &&
      wk_server_admits(plugin->server, session->did,
                       session->accepted.generation) &&
      wk_server_is_admin(plugin->server, session->did))
    respond(plugin, session, asked);
  else if (wk_limit_pass(&plugin->refusals, wk_now_ms(), &held))
    wk_log(WK_LOG_WARNING, "refused administration by client %.64s",
           mosquitto_client_id(asked->client));
  return MOSQ_ERR_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

#define LOOK_MS 100    /* between looks at the registry */
#define LOOK_MOST 1024 /* sessions a look, so that no client waits long */

void wk_look(struct wk_plugin *plugin) {
  const int64_t now = wk_steady_ms();
  if (now - plugin->shared->looked_at < LOOK_MS)
    return;
  plugin->shared->looked_at = now;
  plugin->shared->version = plugin->ticks
                                ? wk_server_catch_up_soon(plugin->server)
                                : wk_server_catch_up(plugin->server);
  wk_waker_looked(plugin->shared->waker, plugin->shared->version);
  for (unsigned i = 0; i < LOOK_MOST; i++) {
    struct wk_session *session = wk_sessions_stalest(plugin->sessions);
    if (!session || session->version == plugin->shared->version)
      return;
    if (session->state == WK_SESSION_LIVE &&
        !wk_server_admits(plugin->server, session->did,
                          session->accepted.generation))
      wk_session_close(session);
    wk_session_looked_at(plugin->sessions, session, plugin->shared->version);
  }
}

/*
 * Closing runs the disconnect event, which frees the session. Mosquitto 2.0.11
 * forgets a client id when a connection that was never let in vanishes under
 * the same one: then it goes by the device's name, but only from TICK, since
 * that may hit a client whose packet is being worked on.
 */
static void kick(struct wk_plugin *plugin, const struct wk_session *session,
                 bool in_tick) {
  char did[WK_DID_MAX + 1];
  char *client_id = strdup(session->client_id);
  /* Its last will goes with the device, which may be another registry's. */
  const bool may_speak =
      wk_server_admits(wk_plugin_of(plugin, session->client)->server,
                       session->did, session->accepted.generation);
  if (!client_id)
    return;
  memcpy(did, session->did, sizeof did);
  wk_log(WK_LOG_NOTICE, "closing client %.64s of device %s", client_id, did);
  if (mosquitto_kick_client_by_clientid(client_id, may_speak) != 0 && in_tick)
    (void)mosquitto_kick_client_by_username(did, may_speak);
  free(client_id);
}

void wk_sweep(struct wk_plugin *plugin, const struct mosquitto *busy) {
  struct wk_session *session;
  wk_look(plugin);
  while ((session = wk_sessions_closing(busy)))
    kick(plugin, session, busy == NULL);
}

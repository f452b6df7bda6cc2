/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins and re-checks. On SIGHUP the broker asks again, by the same event,
 * whether each session it knows may stay; docs/adr/0003 tells how a re-check
 * is told from a login.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>

#include "topics.h"

enum sight {
  SIGHT_LOGIN,
  SIGHT_LIVE,   /* a re-check of a connected session */
  SIGHT_OFFLINE /* a re-check of one that only keeps a queue */
};

static bool is_text(const char *a, const char *b) {
  return a && b && strcmp(a, b) == 0;
}

/*
 * Only the broker's main loop asks between RELOAD and TICK, and clients of
 * websockets: they are served before the TICK, and known by their protocol.
 */
static bool in_reload(const struct wk_plugin *plugin,
                      const struct mosquitto *client) {
  return plugin->reloading && plugin->ticks &&
         mosquitto_client_protocol(client) == mp_mqtt;
}

/* Came back from the broker's persistence file: it never had a connection. */
static bool is_restored(const struct mosquitto_evt_basic_auth *asked) {
  return !asked->password && !mosquitto_client_address(asked->client);
}

static enum sight sight(const struct wk_plugin *plugin,
                        const struct mosquitto_evt_basic_auth *asked,
                        const struct wk_session *session) {
  const char *client_id = mosquitto_client_id(asked->client);
  if (!client_id || !asked->username)
    return SIGHT_LOGIN;
  const bool token =
      asked->password && wk_token_valid(asked->password, &plugin->token_key,
                                        asked->username, client_id);
  const bool same = session && is_text(session->did, asked->username) &&
                    is_text(session->client_id, client_id);
  const bool live = same && session->state != WK_SESSION_OFFLINE;
  if (live && (token || !session->by_password))
    return SIGHT_LIVE;
  if (token || is_restored(asked))
    return SIGHT_OFFLINE;
  if (same && !live && !session->by_password &&
      in_reload(plugin, asked->client))
    return SIGHT_OFFLINE;
  return SIGHT_LOGIN;
}

static int recheck(struct wk_plugin *plugin,
                   const struct wk_session *session) {
  if (session->state == WK_SESSION_LIVE &&
      wk_server_admits(plugin->server, session->did,
                       session->accepted.generation))
    return plugin->broker->login.let_in;
  wk_log(WK_LOG_NOTICE, "device %s may not stay: closing client %.64s",
         session->did, session->client_id);
  return plugin->broker->login.refuse;
}

static int login_by_password(struct wk_plugin *plugin,
                             const struct mosquitto_evt_basic_auth *asked) {
  struct wk_attempt attempt;
  struct wk_verdict verdict;
  struct wk_session *session = NULL;
  wk_attempt_password(&attempt, asked->username, asked->password);
  if (wk_login(plugin, asked->client, &attempt, "password", &verdict) ==
      WK_REASON_OK)
    session = wk_admit(plugin, asked->client, &attempt, &verdict);
  wk_wipe(&attempt, sizeof attempt);
  if (!session)
    return plugin->broker->login.refuse;
  wk_token_replace(asked->password, &plugin->token_key, session->did,
                   session->client_id);
  session->by_password = true;
  session->x4_waits |= 1u << WK_X4_LOGIN_C;
  wk_x4_publish_resumed(plugin, session);
  return plugin->broker->login.let_in;
}

int wk_on_basic_auth(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_basic_auth *asked = event_data;
  (void)event;
  if (wk_is_web(plugin, asked->client))
    return plugin->broker->login.not_ours;
  /* Nobody claims to be anybody: allow_anonymous decides, off by default. */
  if (!asked->username && !asked->password)
    return wk_refuse_nameless(plugin, asked->client)
               ? plugin->broker->login.refuse
               : plugin->broker->login.not_ours;
  wk_turn_unasked(plugin, asked->client);
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  switch (sight(plugin, asked, session)) {
  case SIGHT_LIVE:
    return recheck(plugin, session);
  case SIGHT_OFFLINE:
    return plugin->broker->login.let_in;
  case SIGHT_LOGIN:
  default:
    return login_by_password(plugin, asked);
  }
}

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

#define METHOD "WHITEKEY"

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
  return plugin->reloading && plugin->ticks && !plugin->is_2_1 &&
         mosquitto_client_protocol(client) == mp_mqtt;
}

/* Came back from the broker's persistence file: it never had a connection. */
static bool is_restored(const struct wk_plugin *plugin,
                        const struct mosquitto_evt_basic_auth *asked) {
  return !plugin->is_2_1 && !asked->password &&
         !mosquitto_client_address(asked->client);
}

static enum sight sight(const struct wk_plugin *plugin,
                        const struct mosquitto_evt_basic_auth *asked,
                        const struct wk_session *session) {
  const char *client_id = mosquitto_client_id(asked->client);
  if (!client_id || !asked->username)
    return SIGHT_LOGIN;
  const bool token =
      asked->password && wk_token_valid(asked->password, plugin->token_key,
                                        asked->username, client_id);
  const bool same = session && is_text(session->did, asked->username) &&
                    is_text(session->client_id, client_id);
  const bool live = same && session->state != WK_SESSION_OFFLINE;
  if (live && (token || !session->by_password))
    return SIGHT_LIVE;
  if (token || is_restored(plugin, asked))
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
    return MOSQ_ERR_SUCCESS;
  wk_log(WK_LOG_NOTICE, "device %s may not stay: closing client %.64s",
         session->did, session->client_id);
  return MOSQ_ERR_AUTH;
}

/* NULL when out of memory. */
static struct wk_session *admit(struct wk_plugin *plugin,
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

/* A resumed session may have the subscription already. */
static void publish_to_resumed(struct wk_plugin *plugin,
                               struct wk_session *session,
                               const struct mosquitto *client) {
  if (session->x4_waits != 0 && !mosquitto_client_clean_session(client))
    wk_x4_publish(plugin, session);
}

static int login_by_password(struct wk_plugin *plugin,
                             const struct mosquitto_evt_basic_auth *asked) {
  struct wk_attempt attempt;
  struct wk_verdict verdict;
  struct wk_session *session = NULL;
  wk_attempt_password(&attempt, asked->username, asked->password);
  if (wk_login(plugin, asked->client, &attempt, "password", &verdict) ==
      WK_REASON_OK)
    session = admit(plugin, asked->client, &attempt, &verdict);
  wk_wipe(&attempt, sizeof attempt);
  if (!session)
    return MOSQ_ERR_AUTH;
  wk_token_replace(asked->password, plugin->token_key, session->did,
                   session->client_id);
  session->by_password = true;
  session->x4_waits |= 1u << WK_X4_LOGIN_C;
  publish_to_resumed(plugin, session, asked->client);
  return MOSQ_ERR_SUCCESS;
}

int wk_on_basic_auth(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_basic_auth *asked = event_data;
  (void)event;
  /* Nobody claims to be anybody: allow_anonymous decides, off by default. */
  if (!asked->username && !asked->password)
    return MOSQ_ERR_PLUGIN_DEFER;
  /* The web pages of 2.1 ask from a thread of their own. */
  if (plugin->is_2_1 &&
      is_text(mosquitto_client_id(asked->client), "http-api"))
    return MOSQ_ERR_PLUGIN_DEFER;
  if (!plugin->ticks)
    wk_sweep(plugin, asked->client);
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  switch (sight(plugin, asked, session)) {
  case SIGHT_LIVE:
    return recheck(plugin, session);
  case SIGHT_OFFLINE:
    return MOSQ_ERR_SUCCESS;
  case SIGHT_LOGIN:
  default:
    return login_by_password(plugin, asked);
  }
}

/* The broker frees data_out; it is made before anything is spent. */
static int login_enhanced(struct wk_plugin *plugin,
                          struct mosquitto_evt_extended_auth *asked) {
  struct wk_attempt attempt;
  struct wk_verdict verdict;
  int result = MOSQ_ERR_AUTH;
  uint8_t *x4 = malloc(WK_X4_LEN);
  if (!x4)
    return MOSQ_ERR_NOMEM;
  wk_attempt_binary(&attempt, mosquitto_client_username(asked->client),
                    asked->data_in, asked->data_in_len);
  if (wk_login(plugin, asked->client, &attempt, METHOD, &verdict) ==
          WK_REASON_OK &&
      mosquitto_set_username(asked->client, attempt.did) == 0 &&
      admit(plugin, asked->client, &attempt, &verdict) &&
      wk_server_reply(plugin->server, &verdict.accepted, attempt.now,
                      WK_ROLE_C, x4) == WK_OK) {
    asked->data_out = x4;
    asked->data_out_len = WK_X4_LEN;
    x4 = NULL;
    result = MOSQ_ERR_SUCCESS;
  }
  wk_wipe(&attempt, sizeof attempt);
  free(x4);
  return result;
}

static bool is_live(const struct wk_session *session) {
  return session && session->state != WK_SESSION_OFFLINE;
}

int wk_on_auth_start(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  struct mosquitto_evt_extended_auth *asked = event_data;
  (void)event;
  if (!is_text(asked->auth_method, METHOD))
    return MOSQ_ERR_PLUGIN_DEFER;
  if (!plugin->ticks)
    wk_sweep(plugin, asked->client);
  /* A live session asks again: re-authentication, refused (section 5). */
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  if (is_live(session)) {
    wk_log(WK_LOG_NOTICE, "device %s asked to re-authenticate: refused",
           session->did);
    return MOSQ_ERR_AUTH;
  }
  return login_enhanced(plugin, asked);
}

/*
 * No method of ours has a second step, so the peer sent an empty AUTH packet.
 * An error would make the broker free a client id that it still uses: say
 * "go on", and close the session when it is safe.
 */
int wk_on_auth_continue(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_extended_auth *asked = event_data;
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  (void)event;
  if (!is_live(session))
    return MOSQ_ERR_PLUGIN_DEFER;
  wk_log(WK_LOG_NOTICE, "device %s sent an AUTH that nobody asked for",
         session->did);
  wk_session_close(session);
  return MOSQ_ERR_AUTH_CONTINUE;
}

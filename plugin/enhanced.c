/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enhanced authentication (protocol section 5): WHITEKEY in one round trip,
 * WHITEKEY-CHALLENGE in two.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

#define METHOD "WHITEKEY"
#define METHOD_CHALLENGE METHOD "-CHALLENGE"

static bool is_text(const char *a, const char *b) {
  return a && strcmp(a, b) == 0;
}

/* The broker frees data_out; it is made before anything is spent. */
static int login(struct wk_plugin *plugin,
                 struct mosquitto_evt_extended_auth *asked,
                 struct wk_attempt *attempt, const char *method) {
  struct wk_verdict verdict;
  struct wk_session *session = NULL;
  uint8_t *x4 = malloc(WK_X4_LEN);
  if (!x4)
    return plugin->broker->login.refuse;
  if (wk_login(plugin, asked->client, attempt, method, &verdict) ==
          WK_REASON_OK &&
      mosquitto_set_username(asked->client, attempt->did) == 0)
    session = wk_admit(plugin, asked->client, attempt, &verdict);
  if (!session || wk_server_reply(plugin->server, &session->accepted,
                                  attempt->now, WK_ROLE_C, x4) != WK_OK) {
    free(x4);
    return plugin->broker->login.refuse;
  }
  asked->data_out = x4;
  asked->data_out_len = WK_X4_LEN;
  wk_x4_publish_resumed(plugin, session);
  return plugin->broker->login.let_in;
}

/* Every name gets one, known or not. */
static int issue(struct wk_plugin *plugin,
                 struct mosquitto_evt_extended_auth *asked,
                 const struct wk_attempt *attempt) {
  struct wk_challenge challenge;
  uint8_t *bytes = malloc(WK_CHALLENGE_LEN);
  if (!bytes)
    return plugin->broker->login.refuse;
  wk_server_challenge(plugin->server, attempt->did, &challenge);
  if (mosquitto_set_username(asked->client, WK_HALF_OPEN) != 0 ||
      !wk_challenges_add(plugin->challenges, asked->client, attempt->did,
                         &challenge, wk_steady_ms())) {
    free(bytes);
    return plugin->broker->login.refuse;
  }
  memcpy(bytes, challenge.bytes, WK_CHALLENGE_LEN);
  asked->data_out = bytes;
  asked->data_out_len = WK_CHALLENGE_LEN;
  return plugin->broker->login.go_on;
}

/* CONNECT names the device and nothing else, or it is refused as usual. */
static int start_challenge(struct wk_plugin *plugin,
                           struct mosquitto_evt_extended_auth *asked) {
  const char *username = mosquitto_client_username(asked->client);
  struct wk_attempt attempt;
  wk_attempt_binary(&attempt, username, asked->data_in, asked->data_in_len);
  const bool named = attempt.did[0] != '\0' &&
                     asked->data_in_len == 1u + strlen(attempt.did) &&
                     (!username || is_text(username, attempt.did));
  if (named)
    return issue(plugin, asked, &attempt);
  attempt.x1_len = 0;
  return login(plugin, asked, &attempt, METHOD_CHALLENGE);
}

static int start(struct wk_plugin *plugin,
                 struct mosquitto_evt_extended_auth *asked) {
  struct wk_attempt attempt;
  wk_attempt_binary(&attempt, mosquitto_client_username(asked->client),
                    asked->data_in, asked->data_in_len);
  const int result = login(plugin, asked, &attempt, METHOD);
  wk_wipe(&attempt, sizeof attempt);
  return result;
}

static bool is_live(const struct wk_session *session) {
  return session && session->state != WK_SESSION_OFFLINE;
}

int wk_on_auth_start(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  struct mosquitto_evt_extended_auth *asked = event_data;
  (void)event;
  const bool challenge = is_text(asked->auth_method, METHOD_CHALLENGE);
  if ((!challenge && !is_text(asked->auth_method, METHOD)) ||
      wk_is_web(plugin, asked->client))
    return plugin->broker->login.not_ours;
  wk_turn_unasked(plugin, asked->client);
  /* A live session asks again: re-authentication, refused (section 5). */
  const struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  if (is_live(session)) {
    wk_log(WK_LOG_NOTICE, "device %s asked to re-authenticate: refused",
           session->did);
    return plugin->broker->login.refuse;
  }
  return challenge ? start_challenge(plugin, asked) : start(plugin, asked);
}

static int answer(struct wk_plugin *plugin,
                  struct mosquitto_evt_extended_auth *asked) {
  struct wk_attempt attempt;
  struct wk_challenge challenge;
  char did[WK_DID_MAX + 1];
  const enum wk_challenge_state state = wk_challenges_take(
      plugin->challenges, asked->client, wk_steady_ms(), did, &challenge);
  switch (state) {
  case WK_CHALLENGE_NONE:
    return plugin->broker->login.not_ours;
  case WK_CHALLENGE_LATE:
    /* One that nobody was told: nothing opens with it. */
    wk_server_challenge(plugin->server, did, &challenge);
    break;
  case WK_CHALLENGE_GOOD:
  default:
    break;
  }
  wk_attempt_answer(&attempt, did, asked->data_in, asked->data_in_len);
  attempt.late = state == WK_CHALLENGE_LATE;
  attempt.challenge = &challenge;
  const int result = login(plugin, asked, &attempt, METHOD_CHALLENGE);
  wk_wipe(&attempt, sizeof attempt);
  return result;
}

/*
 * A live session has no second step, so its peer sent an empty AUTH packet. An
 * error would make the broker free a client id that it still uses: say "go
 * on", and close the session when it is safe.
 */
int wk_on_auth_continue(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  struct mosquitto_evt_extended_auth *asked = event_data;
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  (void)event;
  if (!is_live(session))
    return answer(plugin, asked);
  wk_log(WK_LOG_NOTICE, "device %s sent an AUTH that nobody asked for",
         session->did);
  wk_session_close(session);
  return plugin->broker->login.go_on;
}

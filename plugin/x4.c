/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery of X4.
 *
 * M(X4) is published to its topic like any message, whenever its session may
 * have the subscription, and the broker asks wk_on_acl() for every subscriber.
 * One session may read it, once: so it goes to that client alone, in a resumed
 * session too, and what was not read still waits for the next subscription.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>

#include "topics.h"

static void no_memory(const struct wk_session *session) {
  wk_log(WK_LOG_ERROR, "out of memory: no X4 for device %s", session->did);
}

static bool has_room(struct wk_session *session) {
  if (!session->x4)
    session->x4 = calloc(WK_X4_SLOTS, sizeof *session->x4);
  return session->x4 != NULL;
}

/* A login's is made when it is asked for: most clients never are interested.
 */
static bool make(struct wk_plugin *plugin, struct wk_session *session,
                 unsigned slot) {
  uint8_t x4[WK_X4_LEN];
  if (!has_room(session))
    return false;
  if (session->x4[slot][0] != '\0')
    return true;
  const enum wk_role role = slot == WK_X4_LOGIN_D ? WK_ROLE_D : WK_ROLE_C;
  if (wk_server_reply(plugin->server, &session->accepted, wk_now(), role,
                      x4) != WK_OK)
    return false;
  wk_b64_write(session->x4[slot], x4, sizeof x4);
  return true;
}

static void publish(struct wk_session *session, unsigned slot) {
  char topic[WK_TOPIC_MAX];
  char *text = session->x4[slot];
  wk_topic_x4(topic, session->did);
  if (mosquitto_broker_publish_copy(NULL, topic, (int)strlen(text), text, 1,
                                    false, NULL) != 0)
    no_memory(session);
}

void wk_x4_publish(struct wk_plugin *plugin, struct wk_session *session) {
  for (unsigned slot = 0; slot < WK_X4_SLOTS; slot++) {
    if ((session->x4_waits & 1u << slot) != 0 && make(plugin, session, slot))
      publish(session, slot);
  }
}

void wk_x4_publish_resumed(struct wk_plugin *plugin,
                           struct wk_session *session) {
  if (session->x4_waits != 0 &&
      !mosquitto_client_clean_session(session->client))
    wk_x4_publish(plugin, session);
}

void wk_x4_answer(struct wk_session *session, const uint8_t x4[WK_X4_LEN]) {
  const unsigned slot = WK_X4_UPDATE + session->x4_turn;
  if (!has_room(session)) {
    no_memory(session);
    return;
  }
  session->x4_turn = (uint8_t)((session->x4_turn + 1) % WK_X4_UPDATES);
  session->x4_waits |= (uint8_t)(1u << slot);
  wk_b64_write(session->x4[slot], x4, WK_X4_LEN);
  publish(session, slot);
}

/* The slot that holds this message, or WK_X4_SLOTS. */
static unsigned slot_of(const struct wk_session *session,
                        const struct mosquitto_evt_acl_check *asked) {
  unsigned slot = session->x4 ? 0 : WK_X4_SLOTS;
  for (; slot < WK_X4_SLOTS; slot++) {
    const size_t len = strlen(session->x4[slot]);
    if (len > 0 && asked->payloadlen == len &&
        wk_equal(session->x4[slot], asked->payload, len))
      break;
  }
  return slot;
}

bool wk_x4_read(const struct wk_plugin *plugin, struct wk_session *session,
                const struct mosquitto_evt_acl_check *asked) {
  const unsigned slot = slot_of(session, asked);
  if (slot < WK_X4_SLOTS) {
    const uint8_t bit = (uint8_t)(1u << slot);
    const bool waits = (session->x4_waits & bit) != 0;
    session->x4_waits &= (uint8_t)~bit;
    return waits;
  }
  for (struct wk_session *s = wk_sessions_of(plugin->sessions, session->did);
       s; s = wk_session_next_of(s)) {
    if (s->state == WK_SESSION_LIVE && slot_of(s, asked) < WK_X4_SLOTS)
      return false;
  }
  /* Queued for this device by an earlier session; refusing it would leave a
   * hole in the broker's count of messages in flight. */
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may use the topics under whitekey/, and the delivery of X4.
 *
 * M(X4) is published to its topic like any message, whenever its session may
 * have the subscription, and the broker asks here for every subscriber. One
 * session may read it, once: so it goes to that client alone, in a resumed
 * session too, and what was not read still waits for the next subscription.
 */
#include "plugin.h"

#include <string.h>

#include <whitekey/log.h>

#include "topics.h"

/* Made when it is asked for: most clients never are interested. */
static bool make_x4(struct wk_plugin *plugin, struct wk_session *session) {
  uint8_t x4[WK_X4_LEN];
  if (session->x4[0] != '\0')
    return true;
  if (wk_server_reply(plugin->server, &session->accepted, wk_now(), WK_ROLE_C,
                      x4) != WK_OK)
    return false;
  wk_b64_write(session->x4, x4, sizeof x4);
  return true;
}

void wk_x4_publish(struct wk_plugin *plugin, struct wk_session *session) {
  char topic[WK_TOPIC_MAX];
  if (!session->x4_waits || !make_x4(plugin, session))
    return;
  wk_topic_x4(topic, session->did);
  if (mosquitto_broker_publish_copy(NULL, topic, (int)strlen(session->x4),
                                    session->x4, 1, false, NULL) != 0)
    wk_log(WK_LOG_ERROR, "out of memory: no X4 for device %s", session->did);
}

static bool is_x4_of(const struct wk_session *session,
                     const struct mosquitto_evt_acl_check *asked) {
  const size_t len = strlen(session->x4);
  return len > 0 && asked->payloadlen == len &&
         wk_equal(session->x4, asked->payload, len);
}

static int read_x4(const struct wk_plugin *plugin, struct wk_session *session,
                   const struct mosquitto_evt_acl_check *asked) {
  if (is_x4_of(session, asked)) {
    const bool waits = session->x4_waits;
    session->x4_waits = false;
    return waits ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
  }
  for (struct wk_session *s = wk_sessions_of(plugin->sessions, session->did);
       s; s = wk_session_next_of(s)) {
    if (s->state == WK_SESSION_LIVE && is_x4_of(s, asked))
      return MOSQ_ERR_ACL_DENIED;
  }
  /* Queued for this device by an earlier session; refusing it would leave a
   * hole in the broker's count of messages in flight. */
  return MOSQ_ERR_SUCCESS;
}

/* Does this filter cover the session's own X4 topic? */
static bool covers_x4(const struct wk_session *session, const char *filter) {
  char topic[WK_TOPIC_MAX];
  bool covers = false;
  wk_topic_x4(topic, session->did);
  return mosquitto_topic_matches_sub(filter, topic, &covers) == 0 && covers;
}

static bool access_of(enum wk_access *access, int asked) {
  switch (asked) {
  case MOSQ_ACL_READ:
    *access = WK_ACCESS_READ;
    return true;
  case MOSQ_ACL_WRITE:
    *access = WK_ACCESS_WRITE;
    return true;
  case MOSQ_ACL_SUBSCRIBE:
    *access = WK_ACCESS_SUBSCRIBE;
    return true;
  case MOSQ_ACL_UNSUBSCRIBE:
    *access = WK_ACCESS_UNSUBSCRIBE;
    return true;
  default:
    return false;
  }
}

static int result_of(enum wk_answer answer) {
  switch (answer) {
  case WK_ANSWER_ALLOW:
    return MOSQ_ERR_SUCCESS;
  case WK_ANSWER_DEFER:
    return MOSQ_ERR_PLUGIN_DEFER;
  case WK_ANSWER_X4:
  case WK_ANSWER_DENY:
  default:
    return MOSQ_ERR_ACL_DENIED;
  }
}

/*
 * Last in line, after the broker's own acl_file; but a reload puts that file's
 * check behind everything, so this one steps out and comes back with the next
 * question.
 */
static void ask_default(struct wk_plugin *plugin) {
  if (plugin->default_is_asked)
    return;
  plugin->default_is_asked =
      mosquitto_callback_register(plugin->id, MOSQ_EVT_ACL_CHECK,
                                  wk_on_default_acl, NULL, plugin) == 0;
}

static int answer(struct wk_plugin *plugin, struct wk_session *session,
                  enum wk_access access,
                  const struct mosquitto_evt_acl_check *asked) {
  struct wk_topic topic;
  wk_topic_parse(&topic, asked->topic);
  const enum wk_answer said =
      wk_topic_answer(&topic, access, session ? session->did : NULL);
  if (said == WK_ANSWER_X4)
    return session ? read_x4(plugin, session, asked) : MOSQ_ERR_ACL_DENIED;
  if (access == WK_ACCESS_SUBSCRIBE && said != WK_ANSWER_DENY && session &&
      session->x4_waits && covers_x4(session, asked->topic))
    wk_x4_publish(plugin, session);
  return result_of(said);
}

int wk_on_acl(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_acl_check *asked = event_data;
  enum wk_access access;
  (void)event;
  if (!access_of(&access, asked->access))
    return MOSQ_ERR_ACL_DENIED;
  ask_default(plugin);
  /* Not while the broker walks a list of readers. */
  if (!plugin->ticks && access != WK_ACCESS_READ)
    wk_sweep(plugin, asked->client);
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  if (session && session->state == WK_SESSION_OFFLINE)
    session = NULL;
  if (session && session->state != WK_SESSION_LIVE)
    return MOSQ_ERR_ACL_DENIED;
  return answer(plugin, session, access, asked);
}

int wk_on_default_acl(int event, void *event_data, void *userdata) {
  const struct mosquitto_evt_acl_check *asked = event_data;
  enum wk_access access;
  struct wk_topic topic;
  (void)event;
  (void)userdata;
  if (!access_of(&access, asked->access))
    return MOSQ_ERR_ACL_DENIED;
  wk_topic_parse(&topic, asked->topic);
  return result_of(wk_topic_default(&topic, access));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may use which topic.
 *
 * A role narrows what others allow and never widens it: what it permits is
 * still asked of the acl_file or other plugins. Only the plugin's own topics
 * are decided here alone (docs/adr/0006).
 */
#include "plugin.h"

#include <string.h>

#include <whitekey/log.h>

#include "topics.h"

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

/* What nobody decides is said together with "ask others", or at the end. */
static int result_of(const struct wk_plugin *plugin,
                     const struct wk_topic *topic, enum wk_access access,
                     enum wk_answer answer) {
  switch (answer) {
  case WK_ANSWER_ALLOW:
    return plugin->broker->topic.allow;
  case WK_ANSWER_DEFER:
    return wk_topic_default(topic, access) == WK_ANSWER_ALLOW
               ? plugin->broker->topic.else_allow
               : plugin->broker->topic.else_deny;
  case WK_ANSWER_X4:
  case WK_ANSWER_ROLE:
  case WK_ANSWER_ADMIN:
  case WK_ANSWER_DENY:
  default:
    return plugin->broker->topic.deny;
  }
}

/*
 * Last in line, after the broker's own acl_file; but a reload puts that file's
 * check behind everything, so this one steps out and comes back with the next
 * question.
 */
static void ask_default(struct wk_plugin *plugin) {
  if (plugin->default_is_asked || !plugin->broker->asks_us_last)
    return;
  plugin->default_is_asked =
      mosquitto_callback_register(plugin->id, MOSQ_EVT_ACL_CHECK,
                                  wk_on_default_acl, NULL, plugin) == 0;
}

/* An offline session is asked about too: the broker fills its queue. */
static const char *did_of(const struct wk_session *session,
                          const struct mosquitto *client) {
  return session ? session->did : mosquitto_client_username(client);
}

static enum wk_permit permit(const struct wk_plugin *plugin, const char *did,
                             enum wk_access access,
                             const struct mosquitto_evt_acl_check *asked) {
  const enum wk_permission what =
      access == WK_ACCESS_WRITE ? WK_MAY_PUBLISH : WK_MAY_SUBSCRIBE;
  if (!did)
    return WK_PERMIT_FOREIGN;
  return wk_server_permit(plugin->server, did,
                          mosquitto_client_id(asked->client), what,
                          wk_topic_filter(asked->topic));
}

/* Alarms: the role alone allows them, without it the acl_file may. */
static enum wk_answer
role_answer(const struct wk_plugin *plugin, const char *did,
            enum wk_access access, const struct wk_topic *topic,
            const struct mosquitto_evt_acl_check *asked) {
  const bool own = topic->kind != WK_TOPIC_FOREIGN;
  if (!plugin->options.acl && !own)
    return WK_ANSWER_DEFER;
  switch (permit(plugin, did, access, asked)) {
  case WK_PERMIT_YES:
    return own ? WK_ANSWER_ALLOW : WK_ANSWER_DEFER;
  case WK_PERMIT_NO:
    return plugin->options.acl ? WK_ANSWER_DENY : WK_ANSWER_DEFER;
  case WK_PERMIT_FOREIGN:
  default:
    return WK_ANSWER_DEFER;
  }
}

static enum wk_answer decide(const struct wk_plugin *plugin,
                             const struct wk_session *session,
                             enum wk_access access,
                             const struct wk_topic *topic,
                             const struct mosquitto_evt_acl_check *asked) {
  const char *did = did_of(session, asked->client);
  const enum wk_answer said =
      wk_topic_answer(topic, access, session ? session->did : NULL);
  if (said == WK_ANSWER_ROLE)
    return role_answer(plugin, did, access, topic, asked);
  if (said == WK_ANSWER_ADMIN)
    return session && wk_server_is_admin(plugin->server, session->did)
               ? WK_ANSWER_ALLOW
               : WK_ANSWER_DENY;
  return said;
}

static int answer(struct wk_plugin *plugin, struct wk_session *session,
                  enum wk_access access,
                  const struct mosquitto_evt_acl_check *asked) {
  struct wk_topic topic;
  wk_topic_parse(&topic, asked->topic);
  const enum wk_answer said = decide(plugin, session, access, &topic, asked);
  if (said == WK_ANSWER_X4)
    return session && wk_x4_read(plugin, session, asked)
               ? plugin->broker->topic.allow
               : plugin->broker->topic.deny;
  if (access == WK_ACCESS_SUBSCRIBE && said != WK_ANSWER_DENY && session &&
      session->x4_waits != 0 && covers_x4(session, asked->topic))
    wk_x4_publish(plugin, session);
  return result_of(plugin, &topic, access, said);
}

static bool is_half_open(const struct mosquitto *client) {
  const char *username = mosquitto_client_username(client);
  return username && strcmp(username, WK_HALF_OPEN) == 0;
}

/* The will of a session that ended, maybe long ago, is asked for by name. */
static bool is_barred(const struct wk_plugin *plugin,
                      const struct mosquitto_evt_acl_check *asked) {
  const char *username = mosquitto_client_username(asked->client);
  return username && wk_server_bars(plugin->server, username);
}

/* Touches nothing of ours: the broker's web pages are on another thread. */
static int answer_web(const struct wk_plugin *plugin, enum wk_access access,
                      const struct mosquitto_evt_acl_check *asked) {
  struct wk_topic topic;
  wk_topic_parse(&topic, asked->topic);
  return result_of(plugin, &topic, access, WK_ANSWER_DEFER);
}

int wk_on_acl(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_acl_check *asked = event_data;
  enum wk_access access;
  (void)event;
  if (!access_of(&access, asked->access))
    return plugin->broker->topic.deny;
  if (wk_is_web(plugin, asked->client))
    return answer_web(plugin, access, asked);
  ask_default(plugin);
  /* Not while the broker walks a list of readers. */
  if (access != WK_ACCESS_READ)
    wk_turn_unasked(plugin, asked->client);
  else if (!plugin->ticks)
    wk_look(plugin);
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, asked->client);
  if (session && session->state == WK_SESSION_OFFLINE)
    session = NULL;
  if (!session && (is_half_open(asked->client) ||
                   (access == WK_ACCESS_WRITE && is_barred(plugin, asked))))
    return plugin->broker->topic.deny;
  /* A broker that closes a session asks what its queue stays subscribed to. */
  if (session && session->state != WK_SESSION_LIVE &&
      !(session->state == WK_SESSION_CLOSED && access == WK_ACCESS_SUBSCRIBE))
    return plugin->broker->topic.deny;
  return answer(plugin, session, access, asked);
}

int wk_on_default_acl(int event, void *event_data, void *userdata) {
  const struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_acl_check *asked = event_data;
  enum wk_access access;
  struct wk_topic topic;
  (void)event;
  if (!access_of(&access, asked->access))
    return plugin->broker->topic.deny;
  wk_topic_parse(&topic, asked->topic);
  return wk_topic_default(&topic, access) == WK_ANSWER_ALLOW
             ? plugin->broker->topic.allow
             : plugin->broker->topic.deny;
}

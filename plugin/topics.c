/* SPDX-License-Identifier: Apache-2.0 */
#include "topics.h"

#include <stdio.h>
#include <string.h>

#define ROOT "whitekey"
#define PREFIX ROOT "/v1/"
#define EVENTS PREFIX "events"
#define CONTROL "$CONTROL/" ROOT
#define SHARE "$share/"

/* What follows prefix, or NULL. */
static const char *after(const char *name, const char *prefix) {
  const size_t len = strlen(prefix);
  return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

const char *wk_topic_filter(const char *name) {
  const char *group = after(name, SHARE);
  const char *end = group ? strchr(group, '/') : NULL;
  return end ? end + 1 : name;
}

static bool is_level(const char *rest) {
  return rest && (rest[0] == '\0' || rest[0] == '/');
}

static enum wk_topic_kind device_kind(char did[WK_DID_MAX + 1],
                                      const char *rest) {
  static const uint8_t no_realm[WK_REALM_LEN];
  const char *slash = strchr(rest, '/');
  struct wk_id id;
  if (!slash)
    return WK_TOPIC_RESERVED;
  const bool x3 = strcmp(slash, "/x3") == 0;
  if (!x3 && strcmp(slash, "/x4") != 0)
    return WK_TOPIC_RESERVED;
  if (wk_id_init(&id, no_realm, rest, (size_t)(slash - rest)) != WK_OK)
    return WK_TOPIC_RESERVED;
  memcpy(did, id.did, WK_DID_MAX + 1);
  return x3 ? WK_TOPIC_X3 : WK_TOPIC_X4;
}

void wk_topic_parse(struct wk_topic *topic, const char *name) {
  memset(topic, 0, sizeof *topic);
  name = wk_topic_filter(name);
  if (is_level(after(name, CONTROL))) {
    topic->kind = WK_TOPIC_CONTROL;
    return;
  }
  if (!is_level(after(name, ROOT))) {
    topic->kind = WK_TOPIC_FOREIGN;
    return;
  }
  /* First: devices may be named x3 and x4, but none "events". */
  if (is_level(after(name, EVENTS))) {
    topic->kind = WK_TOPIC_EVENTS;
    return;
  }
  const char *rest = after(name, PREFIX);
  topic->kind = rest ? device_kind(topic->did, rest) : WK_TOPIC_RESERVED;
}

void wk_topic_x4(char text[WK_TOPIC_MAX], const char *did) {
  (void)snprintf(text, WK_TOPIC_MAX, PREFIX "%s/x4", did);
}

void wk_topic_events(char text[WK_TOPIC_MAX], const char *did) {
  (void)snprintf(text, WK_TOPIC_MAX, EVENTS "/%s", did);
}

enum wk_answer wk_topic_answer(const struct wk_topic *topic,
                               enum wk_access access, const char *did) {
  const bool own = did && strcmp(topic->did, did) == 0;
  if (access == WK_ACCESS_UNSUBSCRIBE)
    return WK_ANSWER_DEFER;
  switch (topic->kind) {
  case WK_TOPIC_FOREIGN:
    return WK_ANSWER_ROLE;
  case WK_TOPIC_CONTROL:
    return WK_ANSWER_ADMIN;
  case WK_TOPIC_X3:
    return own && access == WK_ACCESS_WRITE ? WK_ANSWER_ALLOW : WK_ANSWER_DENY;
  case WK_TOPIC_X4:
    if (own && access == WK_ACCESS_SUBSCRIBE)
      return WK_ANSWER_ALLOW;
    return own && access == WK_ACCESS_READ ? WK_ANSWER_X4 : WK_ANSWER_DENY;
  case WK_TOPIC_EVENTS:
    return access == WK_ACCESS_WRITE ? WK_ANSWER_DENY : WK_ANSWER_ROLE;
  case WK_TOPIC_RESERVED:
  default:
    return WK_ANSWER_DENY;
  }
}

enum wk_answer wk_topic_default(const struct wk_topic *topic,
                                enum wk_access access) {
  const bool allow =
      topic->kind == WK_TOPIC_FOREIGN || access == WK_ACCESS_UNSUBSCRIBE;
  return allow ? WK_ANSWER_ALLOW : WK_ANSWER_DENY;
}

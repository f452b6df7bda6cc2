/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topics.h - the names under whitekey/ (protocol sections 4 and 6) and under
 * $CONTROL/whitekey/, and the rule who may use them. No I/O, no state.
 */
#ifndef WHITEKEY_PLUGIN_TOPICS_H
#define WHITEKEY_PLUGIN_TOPICS_H

#include <whitekey/id.h>

enum wk_topic_kind {
  WK_TOPIC_FOREIGN,  /* not the plugin's own */
  WK_TOPIC_X3,       /* whitekey/v1/<d_id>/x3 */
  WK_TOPIC_X4,       /* whitekey/v1/<d_id>/x4 */
  WK_TOPIC_EVENTS,   /* whitekey/v1/events/... */
  WK_TOPIC_CONTROL,  /* $CONTROL/whitekey/... */
  WK_TOPIC_RESERVED, /* all else under whitekey/ */
};

struct wk_topic {
  enum wk_topic_kind kind;
  char did[WK_DID_MAX + 1]; /* of x3 and x4, else empty */
};

#define WK_TOPIC_MAX 64u

/* A topic or a filter; a shared subscription counts as its filter. */
void wk_topic_parse(struct wk_topic *topic, const char *name);

/* The filter of a shared subscription, or the name itself. */
const char *wk_topic_filter(const char *name);

/* Write a d_id's own topics; text holds WK_TOPIC_MAX bytes. */
void wk_topic_x4(char text[WK_TOPIC_MAX], const char *did);
void wk_topic_events(char text[WK_TOPIC_MAX], const char *did);

enum wk_access {
  WK_ACCESS_READ,
  WK_ACCESS_WRITE,
  WK_ACCESS_SUBSCRIBE,
  WK_ACCESS_UNSUBSCRIBE
};

enum wk_answer {
  WK_ANSWER_ALLOW,
  WK_ANSWER_DENY,
  WK_ANSWER_DEFER, /* whoever else the broker asks decides */
  WK_ANSWER_ROLE,  /* the device's role decides */
  WK_ANSWER_ADMIN, /* allowed to the role admin alone */
  WK_ANSWER_X4     /* reading x4: it depends on the message */
};

/* did: whose session asks, NULL for none. */
enum wk_answer wk_topic_answer(const struct wk_topic *topic,
                               enum wk_access access, const char *did);

/*
 * When nobody decided. The broker denies everything as soon as one plugin
 * looks at topics and all defer, but allows everything without one: this
 * keeps the latter, outside the plugin's own topics.
 */
enum wk_answer wk_topic_default(const struct wk_topic *topic,
                                enum wk_access access);

#endif

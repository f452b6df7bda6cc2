/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_paho.h - between link.c, which decides, and link_paho.c, which speaks
 * to Paho C and hears from its thread.
 */
#ifndef WHITEKEY_GATEWAY_LINK_PAHO_H
#define WHITEKEY_GATEWAY_LINK_PAHO_H

#include <pthread.h>

#include <MQTTAsync.h>

#include <whitekey/msg.h>

#include "link.h"

#define LINK_X4S 8u /* that wait for the main thread */

/* WAITING -> CONNECTING -> PROVING -> SUBSCRIBING -> ONLINE; every trouble
 * leads back to WAITING. */
enum link_state { WAITING, CONNECTING, PROVING, SUBSCRIBING, ONLINE };

enum flight_state { FREE, SENT, ACKNOWLEDGED, FAILED };

struct flight {
  struct wk_link *link;
  int64_t id; /* of the post; 0: the state message */
  enum flight_state state;
  int code; /* why it failed */
};

struct wk_link {
  const struct wk_routes *routes;
  struct wk_client *client;
  wk_link_arrived *arrived;
  void *context;
  int fd;
  MQTTAsync paho; /* NULL while waiting */

  /* The main thread's own. */
  enum wk_update_when key_update;
  enum link_state state;
  bool proven; /* by an X4 of this login */
  int64_t due; /* ms: of the next try, or of giving up on the proof */
  unsigned backoff;
  unsigned refusals; /* since the last success */
  unsigned connection;

  pthread_mutex_t mutex; /* for what Paho's thread tells, below */
  bool connected;
  bool broken;    /* refused, lost, or a subscription denied */
  int code;       /* CONNACK's, 0: none came */
  size_t granted; /* subscriptions */
  size_t x4s;     /* the latest X4s, oldest first */
  uint8_t x4[LINK_X4S][WK_X4_LEN];
  struct flight flights[WK_LINK_FLIGHTS];
};

void link_lock(struct wk_link *link);
void link_unlock(struct wk_link *link);

/* A Paho client that starts to connect; what comes of it is told through the
 * fields of struct wk_link. False: it could not start, and said why. */
bool paho_connect(struct wk_link *link, const char *password);

/* Ends the connection, whatever its state; every flight is free again. */
void paho_end(struct wk_link *link);

bool paho_subscribe(struct wk_link *link, const char *filter);

/* QoS 1. WK_ERR_BUSY: no flight is free; WK_ERR_IO: Paho refuses. */
WK_MUST_CHECK enum wk_err paho_publish(struct wk_link *link, int64_t id,
                                       const char *topic, const void *payload,
                                       size_t len, bool retained);

#endif

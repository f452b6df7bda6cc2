/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the gateway's connection to its broker, MQTT 5 by Paho C.
 *
 * Each connection is a new Paho client with a new one-time password: an
 * automatic reconnect would replay the spent one, and whatever Paho had in
 * flight is in the outbox anyway. Nothing is published before the broker has
 * proven itself with X4 (protocol section 4). The MQTT session is persistent
 * (clean start off, no expiry), so the broker keeps readings while we are
 * away.
 *
 * Readings come in at QoS 1. Paho C sends the PUBACK after the callback
 * returns, so a reading that arrived() has made durable is acknowledged after
 * it, never before; gateway_test.py shows it with a kill in between.
 */
#ifndef WHITEKEY_GATEWAY_LINK_H
#define WHITEKEY_GATEWAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/client.h>

#include "routes.h"
#include "store.h"

#define WK_LINK_FLIGHTS 64u /* posts sent and not yet acknowledged */

struct wk_link;

/* Called on Paho's thread; returns once the reading is durable. */
typedef void wk_link_arrived(void *context, const char *topic,
                             const uint8_t *payload, size_t len);

/*
 * Makes a link that is not connected yet. routes, client and context outlive
 * it. WK_ERR_IO, WK_ERR_MEMORY; *link is the caller's to free.
 */
WK_MUST_CHECK enum wk_err wk_link_new(struct wk_link **link,
                                      const struct wk_routes *routes,
                                      struct wk_client *client,
                                      wk_link_arrived *arrived, void *context,
                                      struct wk_why *why);

/* Publishes `offline`, waits for its acknowledgement for a moment,
 * disconnects and frees. NULL is allowed. */
void wk_link_free(struct wk_link *link);

/* Becomes readable when wk_link_step() has something to do. */
int wk_link_fd(const struct wk_link *link);

/* Makes that happen; from any thread. */
void wk_link_kick(struct wk_link *link);

/*
 * Does what is due: connect, check the proof, subscribe, give up and wait.
 * Returns after how many milliseconds it wants to be called again at the
 * latest, -1: when the descriptor says so.
 */
int wk_link_step(struct wk_link *link);

/* 0 while nothing may be published, else a number that is new for each
 * connection: everything not acknowledged has to be sent again. */
unsigned wk_link_online(const struct wk_link *link);

/* WK_ERR_BUSY: WK_LINK_FLIGHTS are on their way. WK_ERR_IO: not online. */
WK_MUST_CHECK enum wk_err wk_link_send(struct wk_link *link,
                                       const struct wk_post *post);

/* The ids of posts acknowledged since the last call; returns how many. */
size_t wk_link_posted(struct wk_link *link, int64_t ids[WK_LINK_FLIGHTS]);

#endif

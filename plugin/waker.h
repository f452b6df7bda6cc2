/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waker.h - for brokers that do not tell when they are idle (Mosquitto 2.0.11
 * with per_listener_settings): a thread that makes the broker call us when
 * there is something to do, by a connection to its own listeners that asks
 * for nothing. The broker tells of its end: wk_on_disconnect().
 *
 * It does so only for sessions to be closed, for administration's answers and
 * for changes of the registry that nobody has looked at, and more and more
 * rarely while that does not help.
 */
#ifndef WHITEKEY_PLUGIN_WAKER_H
#define WHITEKEY_PLUGIN_WAKER_H

#include <whitekey/server.h>

struct wk_waker;

/* No thread yet. server must outlive it. NULL when out of memory. */
struct wk_waker *wk_waker_new(struct wk_server *server);

/* Ends the thread. */
void wk_waker_free(struct wk_waker *waker);

/* The broker's thread has looked at the registry of this number. */
void wk_waker_looked(struct wk_waker *waker, uint64_t version);

/*
 * Starts it, once, from the broker's thread and when its listeners are open.
 * A failure is logged: closings then wait for the next packet.
 */
void wk_waker_start(struct wk_waker *waker);

#endif

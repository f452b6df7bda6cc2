/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenges.h - challenges that were issued and not answered yet, by
 * connection (protocol section 5). A connection is the broker's own pointer,
 * which it reuses: what ends a connection must forget its challenge here. At
 * most WK_CHALLENGES_MAX are kept, the oldest goes first.
 */
#ifndef WHITEKEY_PLUGIN_CHALLENGES_H
#define WHITEKEY_PLUGIN_CHALLENGES_H

#include <whitekey/registry.h>

#define WK_CHALLENGE_MS 30000
#define WK_CHALLENGES_MAX 16384u

struct mosquitto;
struct wk_challenges;

/* NULL when out of memory. */
struct wk_challenges *wk_challenges_new(void);
void wk_challenges_free(struct wk_challenges *challenges);

/*
 * Keeps the challenge of a device on a connection, instead of one it had;
 * now: monotonic milliseconds. False when out of memory.
 */
WK_MUST_CHECK bool wk_challenges_add(struct wk_challenges *challenges,
                                     const struct mosquitto *client,
                                     const char *did,
                                     const struct wk_challenge *challenge,
                                     int64_t now);

enum wk_challenge_state {
  WK_CHALLENGE_NONE, /* never issued here, or answered */
  WK_CHALLENGE_LATE, /* its time is over; did is given all the same */
  WK_CHALLENGE_GOOD
};

/* Takes a connection's challenge out: it serves one message. */
enum wk_challenge_state wk_challenges_take(struct wk_challenges *challenges,
                                           const struct mosquitto *client,
                                           int64_t now,
                                           char did[WK_DID_MAX + 1],
                                           struct wk_challenge *challenge);

/* The connection ended. */
void wk_challenges_forget(struct wk_challenges *challenges,
                          const struct mosquitto *client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.h - which of the broker's clients this plugin let in, found by
 * connection, by MQTT client id and by device.
 *
 * A connection is the broker's own pointer, good as a key from the login until
 * the broker says that the connection ended; the broker reuses it afterwards.
 * An ended session stays known as offline, because its client id may still
 * own a queue; of each device the WK_OFFLINE_MAX latest are kept. The table
 * owns every struct wk_session.
 */
#ifndef WHITEKEY_PLUGIN_SESSIONS_H
#define WHITEKEY_PLUGIN_SESSIONS_H

#include <whitekey/registry.h>

#define WK_OFFLINE_MAX 16u

struct mosquitto;
struct wk_sessions;

enum wk_session_state {
  WK_SESSION_LIVE,
  WK_SESSION_CLOSING, /* must be closed, as soon as the broker allows it */
  WK_SESSION_CLOSED,  /* the broker was told to close it */
  WK_SESSION_OFFLINE
};

enum wk_session_index {
  WK_SESSION_BY_CLIENT,
  WK_SESSION_BY_ID,
  WK_SESSION_BY_DID,
  WK_SESSION_INDICES
};

/* The X4 that a session may be owed, in the order of their delivery. */
enum wk_x4_slot {
  WK_X4_LOGIN_C,
  WK_X4_LOGIN_D, /* of the user's chain, where an X2 came */
  WK_X4_UPDATE   /* the first of WK_X4_UPDATES, used in turns */
};
#define WK_X4_UPDATES 2u /* one X3 for each chain */
#define WK_X4_SLOTS (WK_X4_UPDATE + WK_X4_UPDATES)

struct wk_session {
  const struct mosquitto *client;
  char did[WK_DID_MAX + 1];
  struct wk_accepted accepted; /* the login that opened it */
  bool by_password;            /* the broker holds a token for it */
  enum wk_session_state state;
  uint64_t version; /* the registry's, when it was last looked at */
  uint8_t x4_waits; /* a bit for each slot that is not delivered yet */
  uint8_t x4_turn;  /* of the update slots */
  /* M(X4) by slot, empty where it was not asked for; NULL: none was. */
  char (*x4)[WK_B64_LEN(WK_X4_LEN) + 1];
  /* The table's own. */
  struct wk_session *in_bucket[WK_SESSION_INDICES];
  struct wk_session *before, *after;
  struct wk_session *closing_after, **closing_link;
  char client_id[];
};

/*
 * realm: whose devices these are, WK_REALM_LEN bytes. NULL when out of memory.
 */
struct wk_sessions *wk_sessions_new(const uint8_t *realm);
void wk_sessions_free(struct wk_sessions *sessions);

/*
 * A new live session; what was known of this connection is forgotten. NULL
 * when out of memory.
 */
struct wk_session *wk_sessions_add(struct wk_sessions *sessions,
                                   const struct mosquitto *client,
                                   const char *client_id, const char *did);

/* NULL when there is none. */
struct wk_session *wk_sessions_find(struct wk_sessions *sessions,
                                    const struct mosquitto *client);

/*
 * True when a session of another device has this client id, in this table or
 * in any other of this process: listeners share the broker's client ids. did
 * NULL: of any device.
 */
bool wk_sessions_taken(const struct wk_sessions *sessions,
                       const char *client_id, const char *did);

/* The sessions of a device, first and next; NULL ends. */
struct wk_session *wk_sessions_of(struct wk_sessions *sessions,
                                  const char *did);
struct wk_session *wk_session_next_of(const struct wk_session *session);

/*
 * The connection ended. may_persist: the broker may keep its queue; the client
 * id then stays taken, unless another session took it over.
 */
void wk_sessions_ended(struct wk_sessions *sessions,
                       struct wk_session *session, bool may_persist);

/*
 * Marks a live session for closing, and takes the next such one of any
 * listener, but not `busy`.
 */
void wk_session_close(struct wk_session *session);
struct wk_session *wk_sessions_closing(const struct mosquitto *busy);

/* True while such a session waits; for any thread. */
bool wk_sessions_closing_waits(void);

/*
 * Marks every other live session of its device, on all listeners, but not one
 * with its client id: the broker closes that by itself, and the id is the new
 * session's by then.
 */
void wk_sessions_close_older(const struct wk_sessions *sessions,
                             const struct wk_session *newest);

/* The session looked at longest ago, NULL when there is none. */
struct wk_session *wk_sessions_stalest(struct wk_sessions *sessions);
void wk_session_looked_at(struct wk_sessions *sessions,
                          struct wk_session *session, uint64_t version);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - a local client and its connection to the broker.
 *
 *   GREETING   the client's CONNECT is awaited
 *   WAITING    for its turn to log in
 *   RESOLVING, DIALING, SHAKING, LOGGING    its turn: turn.c
 *   RELAY      both ends are one stream, in both directions, unseen
 *   CLOSING    what is under way is delivered as far as it goes
 *   DEAD       freed when the loop comes round
 */
#ifndef WK_AGENT_SESSION_H
#define WK_AGENT_SESSION_H

#include <netdb.h>

#include "end.h"
#include "login.h"

enum session_state {
  SESSION_GREETING,
  SESSION_WAITING,
  SESSION_RESOLVING,
  SESSION_DIALING,
  SESSION_SHAKING,
  SESSION_LOGGING,
  SESSION_RELAY,
  SESSION_CLOSING,
  SESSION_DEAD
};

#define SESSION_NAME_SIZE 64u

struct agent;

struct session {
  struct agent *agent;
  struct session *next;
  enum session_state state;
  int64_t deadline;   /* 0: none */
  struct end near;    /* the local client */
  struct end far;     /* the broker */
  struct buffer in;   /* GREETING .. : from the client; LOGGING: see far_in */
  size_t connect_len; /* of the CONNECT at the front of in */
  struct wk_mqtt_connect asked; /* points into in */
  char name[SESSION_NAME_SIZE]; /* the client id, to be shown */
  bool shut;                    /* CLOSING: nothing more goes to the client */
  /* turn.c */
  struct addrinfo *addresses;
  const struct addrinfo *address; /* the one that is tried */
  int connect_error;              /* of the last one */
  struct buffer far_in;
  int64_t last_deadline; /* LOGGING: no later one is given */
  size_t most_held;      /* LOGGING: bytes for the client so far */
  bool touch;            /* LOGGING: the dongle wants its finger */
  struct login login;
};

/* Takes a new client's socket. False: out of memory, fd is still open. */
bool session_new(struct agent *agent, int fd);

/* It has waited too long. */
void session_late(struct session *session);

/* Tells the client no by CONNACK and closes. */
void session_refuse(struct session *session, uint8_t code);

/* The login is done: the ends are joined. */
void session_join(struct session *session);

/* Delivers what is under way, then ends. */
void session_end(struct session *session);

/* Frees it; it is in no list any more. */
void session_free(struct session *session);

/* Who has been there longest without a CONNECT, NULL: nobody. */
struct session *session_silent(const struct agent *agent);

/* That one makes room. False: nobody does. */
bool session_evict(struct agent *agent);

/* True from its CONNECT on to its end. */
bool session_lives(const struct session *session);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.h - the agent: its listeners, its sessions, and whose turn it is to
 * log in. One thread, one loop; only names are looked up beside it.
 *
 * One credential makes one login after the other, so sessions queue for it.
 * All about that is in turn.c; session.c has a session's life around it.
 */
#ifndef WK_AGENT_AGENT_H
#define WK_AGENT_AGENT_H

#include <stdint.h>

#include "backoff.h"
#include "config.h"
#include "resolve.h"
#include "session.h"
#include "watch.h"

#define AGENT_SCRATCH 65536u
#define AGENT_SESSIONS_MAX 256u
#define AGENT_TURN_BYTES ((size_t)1 << 20) /* then others are looked after */

struct listener {
  struct watch watch;
  const struct config_listen *config;
};

struct agent {
  const struct config *config;
  struct wk_client *client;
  struct wk_tls_context *tls; /* NULL: none */
  int epoll;
  int64_t now; /* milliseconds of a clock that only goes forward */
  bool stopping;
  struct watch signals;
  struct listener listeners[CONFIG_LISTEN_MAX];
  bool listening;
  struct session *sessions; /* oldest first */
  unsigned session_count;
  /* turn.c */
  struct session *turn; /* who logs in, NULL: nobody */
  struct watch dongle;  /* while the login waits for it */
  struct resolver resolver;
  /* pause.c */
  struct backoff backoff;
  struct backoff suspect_pause;
  char suspect[SESSION_NAME_SIZE];      /* while suspect_pause.step is not 0 */
  uint8_t suspect_code;                 /* what it is told meanwhile */
  enum wk_mqtt_version suspect_version; /* in that one */
  bool others_are_fine;                 /* since the suspect failed */
  bool challenge;                       /* logins by challenge from now on */
  struct session *newest;               /* whose login was the last one */
  int64_t newest_at;                    /* when that was */
  uint8_t scratch[AGENT_SCRATCH];
};

/* What --test-config looks at: all that is named, while another agent may be
 * at work with it. */
WK_MUST_CHECK enum wk_err agent_check(const struct config *config,
                                      struct wk_why *why);

/*
 * Opens the credential, for this agent alone, the authorities and the
 * listeners. WK_OK, or what went wrong; agent_close() is due in every case.
 */
WK_MUST_CHECK enum wk_err agent_open(struct agent *agent,
                                     const struct config *config,
                                     struct wk_why *why);

/* Serves until SIGTERM, SIGINT or SIGHUP. */
WK_MUST_CHECK enum wk_err agent_run(struct agent *agent, struct wk_why *why);

void agent_close(struct agent *agent);

/* ---- listen.c ----------------------------------------------------------- */

WK_MUST_CHECK enum wk_err listen_open(struct agent *agent, struct wk_why *why);
/* Takes new clients, or lets them wait outside. */
void listen_watch(struct agent *agent, bool on);
void listen_close(struct agent *agent);

/* ---- pause.c: who waits after a login that failed ------------------------
 */

/* Refuses this one, whoever waits, and whoever comes before it is over. */
void pause_all(struct session *session, const char *cause);

/*
 * The broker is there and does not want this login: it may be for the client's
 * id or will, which others do not have. Refuses this one, and its like before
 * its pause is over. A second one before anybody was let in: all.
 */
void pause_one(struct session *session, const char *cause);

/* What one that has to wait is told. */
uint8_t pause_code(const struct session *session);

/* It was let in. */
void pause_none(const struct session *session);

/* It need not wait. */
bool pause_over(const struct session *session);

/* ---- turn.c: the way to a login ----------------------------------------- */

WK_MUST_CHECK enum wk_err turn_init(struct agent *agent, struct wk_why *why);

/* Gives the turn to who waits longest, if it is free. */
void turn_next(struct agent *agent);

/* The session goes away: its turn is over. */
void turn_left(struct session *session);

/* Its program has gone in the middle of its login; false: nothing is spent
 * yet, and nobody needs to wait. */
bool turn_gone(struct session *session);

/* The session's broker end is ready, or its time is up. */
void turn_ready(struct session *session);
void turn_late(struct session *session);

#endif

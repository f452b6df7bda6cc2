/* SPDX-License-Identifier: Apache-2.0 */
/* client_state.h - a client's inside, shared by the files of this folder. */
#ifndef WK_CLIENT_STATE_H
#define WK_CLIENT_STATE_H

#include <sys/stat.h>

#include <whitekey/client.h>

#include "spend.h"
#include "values.h"

/* A message that an X4 may answer. */
struct asked {
  bool sent;
  struct wk_header header;
  uint8_t digest[WK_DIGEST_LEN];
};

/* The last login, and what was sent in its session. */
struct request {
  struct asked x1;
  bool challenged;
  uint8_t challenge[WK_CHALLENGE_LEN];
  uint32_t generation;
  struct spent c, d;
  bool open;     /* not yet known how it ended */
  bool refused;  /* and the next login has not yet skipped ahead for it */
  bool accepted; /* its session may update keys */
  struct asked c_x3, d_x3;
};

/* What a client keeps that does not write every index, see reserve.c. */
struct held {
  int lock;        /* of the credential file; -1: each edit takes its own */
  uint32_t ahead;  /* indices that one write puts aside */
  struct stat own; /* the file as this client left it */
  uint32_t c_next, d_next; /* as they are in the file */
};

struct wk_client {
  char *path; /* of the credential file without symbolic links, or NULL */
  bool user;  /* makes X2 for others' X1 */
  struct wk_credential credential; /* as it was when last looked at */
  wk_clock *clock;
  void *clock_context;
  struct values c, d;
  struct request request;
  struct held held;
  struct wk_dongle *dongle; /* NULL: the credential is here */
  bool no_wait;
  int64_t touch_at;  /* when it is asked again for its finger, 0: it is not */
  bool looked;       /* the next login has begun with a look at it */
  uint8_t leave_out; /* so many indices, in that login */
  /* of its two chains, by their epoch's last bit */
  struct dongle_skip {
    bool due; /* its last login was refused */
    uint8_t steps;
  } skip[2];
};

/* A new one without a credential; NULL: out of memory. */
struct wk_client *client_new(wk_clock *clock, void *context);

/* Who an error speaks of. */
const char *client_where(const struct wk_client *client);

/* WK_ERR_MISSING, WK_ERR_MALFORMED, WK_ERR_KEY, WK_ERR_IO, and
 * WK_ERR_ARGUMENT: the client needs a chain that is not there. */
WK_MUST_CHECK enum wk_err client_load(struct wk_credential *credential,
                                      const char *path, bool user,
                                      struct wk_why *why);

/* WK_ERR_IO, and WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err client_save(const struct wk_credential *credential,
                                      const char *path, struct wk_why *why);

/* The file's content of this moment; WK_ERR_CORRUPT: it is of another device
 * now. Else as client_load(). */
WK_MUST_CHECK enum wk_err client_reload(struct wk_credential *credential,
                                        const struct wk_client *client,
                                        struct wk_why *why);

/* Waits a while for the file's lock. WK_ERR_BUSY: a program keeps it. */
WK_MUST_CHECK enum wk_err client_lock(int *lock, const char *path,
                                      struct wk_why *why);

enum client_changed {
  CLIENT_SAME,
  CLIENT_DRAWN,  /* only next indices and the time went up */
  CLIENT_CHANGED /* more */
};

/*
 * Changes a copy of the credential and says so. It is the file's content at
 * that moment, under the file's lock.
 */
typedef enum wk_err client_change(struct wk_credential *credential,
                                  enum client_changed *changed,
                                  const struct wk_client *client,
                                  void *context, struct wk_why *why);

/*
 * Applies a change, durably where the client has a file: all of it, or an
 * error and nothing. What client_load() gives, WK_ERR_CORRUPT (the file is of
 * another device now), or the change's own error.
 */
WK_MUST_CHECK enum wk_err client_edit(struct wk_client *client,
                                      client_change *change, void *context,
                                      struct wk_why *why);

/* The same for a client that holds its file. */
WK_MUST_CHECK enum wk_err reserve_edit(struct wk_credential *credential,
                                       struct wk_client *client,
                                       client_change *change, void *context,
                                       struct wk_why *why);

/* ---- from_dongle.c: the same where a dongle has the credential ---------- */

WK_MUST_CHECK enum wk_err from_dongle_next(struct wk_client *client,
                                           const uint8_t *challenge,
                                           struct wk_otp *otp,
                                           struct wk_why *why);
WK_MUST_CHECK enum wk_err from_dongle_check(struct wk_client *client,
                                            const uint8_t *x4,
                                            struct wk_reply *reply,
                                            struct wk_why *why);

WK_MUST_CHECK enum wk_err from_dongle_update(struct wk_client *client,
                                             enum wk_update_when when,
                                             uint8_t x3[WK_X3_LEN],
                                             struct wk_why *why);

/* ---- reserve.c ---------------------------------------------------------- */

/* Gives back what was put aside and not spent, and the file. */
void reserve_end(struct wk_client *client);

#endif

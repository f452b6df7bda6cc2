/* SPDX-License-Identifier: Apache-2.0 */
/* client_state.h - a client's inside, shared by the files of this folder. */
#ifndef WK_CLIENT_STATE_H
#define WK_CLIENT_STATE_H

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

struct wk_client {
  char *path; /* of the credential file without symbolic links, or NULL */
  bool user;  /* makes X2 for others' X1 */
  struct wk_credential credential; /* as it was when last looked at */
  wk_clock *clock;
  void *clock_context;
  struct values c, d;
  struct request request;
};

/* Who an error speaks of. */
const char *client_where(const struct wk_client *client);

/* WK_ERR_MISSING, WK_ERR_MALFORMED, WK_ERR_KEY, WK_ERR_IO, and
 * WK_ERR_ARGUMENT: the client needs a chain that is not there. */
WK_MUST_CHECK enum wk_err client_load(struct wk_credential *credential,
                                      const char *path, bool user,
                                      struct wk_why *why);

/*
 * Changes a copy of the credential and says so. It is the file's content at
 * that moment, under the file's lock.
 */
typedef enum wk_err client_change(struct wk_credential *credential,
                                  bool *changed,
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

#endif

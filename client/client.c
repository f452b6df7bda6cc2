/* SPDX-License-Identifier: Apache-2.0 */
/* A client's life, and the messages of its logins. */
#include <whitekey/client.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <whitekey/random.h>

#include "client_state.h"

uint32_t wk_clock_system(void *context) {
  (void)context;
  const time_t now = time(NULL);
  return now > 0 && (uint64_t)now <= UINT32_MAX ? (uint32_t)now : 0;
}

/* ---- life --------------------------------------------------------------- */

struct wk_client *client_new(wk_clock *clock, void *context) {
  struct wk_client *client = calloc(1, sizeof *client);
  if (client) {
    client->clock = clock;
    client->clock_context = context;
    client->held.lock = -1;
  }
  return client;
}

static enum wk_err open_file(struct wk_client **client, const char *path,
                             bool user, wk_clock *clock, void *clock_context,
                             struct wk_why *why) {
  *client = NULL;
  struct wk_client *made = client_new(clock, clock_context);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  made->user = user;
  enum wk_err err = client_load(&made->credential, path, user, why);
  if (err == WK_OK) {
    /*
     * Replacing a symbolic link would leave two files with one chain, and
     * two names would be two locks.
     */
    made->path = realpath(path, NULL);
    if (!made->path)
      err = wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  }
  if (err != WK_OK) {
    wk_client_free(made);
    return err;
  }
  *client = made;
  return WK_OK;
}

enum wk_err wk_client_open(struct wk_client **client, const char *path,
                           wk_clock *clock, void *clock_context,
                           struct wk_why *why) {
  return open_file(client, path, false, clock, clock_context, why);
}

enum wk_err wk_client_open_user(struct wk_client **client, const char *path,
                                wk_clock *clock, void *clock_context,
                                struct wk_why *why) {
  return open_file(client, path, true, clock, clock_context, why);
}

static bool in_range(const struct wk_credential_chain *chain) {
  return !chain->present ||
         (chain->n >= WK_CHAIN_LEN_MIN && chain->n <= WK_CHAIN_LEN_MAX &&
          chain->next >= 1 && chain->next <= chain->n + 1);
}

enum wk_err wk_client_new(struct wk_client **client,
                          const struct wk_credential *credential,
                          wk_clock *clock, void *clock_context) {
  *client = NULL;
  if (!credential->c.present || !in_range(&credential->c) ||
      !in_range(&credential->d) || !in_range(&credential->c_update.chain) ||
      !in_range(&credential->d_update.chain))
    return WK_ERR_ARGUMENT;
  struct wk_client *made = client_new(clock, clock_context);
  if (!made)
    return WK_ERR_MEMORY;
  made->credential = *credential;
  *client = made;
  return WK_OK;
}

void wk_client_free(struct wk_client *client) {
  if (!client)
    return;
  reserve_end(client);
  wk_dongle_close(client->dongle);
  free(client->path);
  wk_wipe(client, sizeof *client);
  free(client);
}

const struct wk_id *wk_client_id(const struct wk_client *client) {
  return &client->credential.id;
}

bool wk_client_has_user(const struct wk_client *client) {
  return client->credential.d.present;
}

/* ---- the next index ----------------------------------------------------- */

/* What one login spends. */
struct draw {
  const uint8_t *challenge;
  const struct wk_otp *joins; /* whose X1 the user's X2 goes with, or NULL */
  struct spent c, d;
  uint32_t time;
};

static void key_of(uint8_t kx[WK_KX_LEN],
                   const struct wk_credential *credential, uint32_t epoch) {
  wk_key_message(kx, credential->ks, &credential->id, epoch,
                 credential->bio_id);
}

/* Nobody's X1 but this device's may have an index of the user's chain. */
static enum wk_err own_x1(const struct draw *draw,
                          const struct wk_credential *credential) {
  struct wk_header header;
  struct wk_login body;
  uint8_t kx[WK_KX_LEN];
  enum wk_err err =
      wk_header_parse(&header, WK_X1, draw->joins->x1, WK_X1_LEN);
  if (err != WK_OK)
    return err;
  key_of(kx, credential, header.epoch);
  const struct wk_seal seal = {&credential->id, kx, draw->challenge};
  err = wk_login_open(&body, &header, draw->joins->x1, &seal);
  wk_wipe(kx, sizeof kx);
  wk_wipe(&body, sizeof body);
  return err;
}

/* Where the last time sent is not known, one that nothing sent before can
 * reach: a server takes times within 120 s of its clock. */
static void doubt(struct wk_credential *credential, uint32_t now) {
  const uint32_t known = now > credential->time ? now : credential->time;
  credential->time =
      known > UINT32_MAX - WK_TIME_DOUBT ? UINT32_MAX : known + WK_TIME_DOUBT;
  credential->reserved = 0;
}

/* Never lower than a time sent before: 0 until the clock has caught up. */
static uint32_t read_clock(const struct wk_client *client,
                           struct wk_credential *credential) {
  const uint32_t now =
      client->clock ? client->clock(client->clock_context) : 0;
  if (credential->reserved > 0)
    doubt(credential, now);
  if (now < credential->time)
    return 0;
  if (now != 0)
    credential->time = now;
  return now;
}

/* True where a draw changes more than an index and the time. */
static bool draws_more(const struct wk_credential *credential,
                       const struct request *last) {
  return last->refused || credential->reserved > 0 ||
         credential->c_update.chain.present ||
         credential->d_update.chain.present;
}

/* A change: the skip that a refusal asks for, then the indices of a login. */
static enum wk_err take(struct wk_credential *credential,
                        enum client_changed *changed,
                        const struct wk_client *client, void *context,
                        struct wk_why *why) {
  struct draw *draw = context;
  const struct request *last = &client->request;
  const bool more = draws_more(credential, last);
  enum wk_err err = WK_OK;
  if (draw->joins && own_x1(draw, credential) != WK_OK)
    return wk_fail(why, WK_ERR_FORGED,
                   "%s: the device's message is not of device %s",
                   client_where(client), credential->id.did);
  if (last->refused) {
    spend_refused(credential, WK_ROLE_C, &last->c);
    spend_refused(credential, WK_ROLE_D, &last->d);
  }
  char role = 'C';
  if (!client->user)
    err = spend(&draw->c, credential, WK_ROLE_C);
  if (err == WK_OK) {
    role = 'D';
    err = spend(&draw->d, credential, WK_ROLE_D);
  }
  if (err != WK_OK)
    return wk_fail(why, err, "%s: chain %c is spent: enrol the device again",
                   client_where(client), role);
  /* Section 2: the clock is read after the index, under the same lock. */
  draw->time = read_clock(client, credential);
  *changed = more ? CLIENT_CHANGED : CLIENT_DRAWN;
  return WK_OK;
}

/* ---- messages ----------------------------------------------------------- */

static void seal_login(uint8_t *out, const struct wk_header *header,
                       const struct wk_login *body,
                       const struct wk_credential *credential,
                       const uint8_t *challenge) {
  uint8_t kx[WK_KX_LEN];
  key_of(kx, credential, header->epoch);
  const struct wk_seal seal = {&credential->id, kx, challenge};
  const enum wk_err err = wk_login_seal(out, header, body, &seal);
  assert(err == WK_OK);
  (void)err;
  wk_wipe(kx, sizeof kx);
}

/* Remembers what the answer to the new login must fit. */
static void begin_request(struct wk_client *client, const struct draw *draw) {
  struct request *request = &client->request;
  memset(request, 0, sizeof *request);
  request->open = true;
  request->generation = client->credential.generation;
  request->c = draw->c;
  request->d = draw->d;
  if (draw->challenge) {
    request->challenged = true;
    memcpy(request->challenge, draw->challenge, WK_CHALLENGE_LEN);
  }
}

static void expect_x4(struct request *request, const struct wk_otp *otp) {
  request->x1.sent =
      wk_header_parse(&request->x1.header, WK_X1, otp->x1, WK_X1_LEN) == WK_OK;
  wk_msg_digest(request->x1.digest, otp->x1, WK_X1_LEN);
}

static void make_x1(struct wk_client *client, struct wk_otp *otp,
                    const struct draw *draw) {
  struct wk_credential *credential = &client->credential;
  struct wk_login body = {.time = draw->time};
  struct wk_header header = {
      .type = WK_X1, .epoch = draw->c.epoch, .index = draw->c.index};
  wk_random(header.nonce, WK_NONCE_LEN);
  values_at(&client->c, body.x, &credential->id, WK_ROLE_C,
            spend_chain(credential, WK_ROLE_C, draw->c.epoch), draw->c.index);
  seal_login(otp->x1, &header, &body, credential, draw->challenge);
  wk_wipe(&body, sizeof body);
}

static void make_x2(struct wk_client *client, struct wk_otp *otp,
                    const struct draw *draw) {
  struct wk_credential *credential = &client->credential;
  struct wk_login body = {.time = draw->time};
  struct wk_header header = {
      .type = WK_X2, .epoch = draw->d.epoch, .index = draw->d.index};
  wk_random(header.nonce, WK_NONCE_LEN);
  values_at(&client->d, body.x, &credential->id, WK_ROLE_D,
            spend_chain(credential, WK_ROLE_D, draw->d.epoch), draw->d.index);
  memcpy(body.digest, client->request.x1.digest, WK_DIGEST_LEN);
  seal_login(otp->x2, &header, &body, credential, draw->challenge);
  otp->has_x2 = true;
  wk_wipe(&body, sizeof body);
}

enum wk_err wk_client_next(struct wk_client *client, const uint8_t *challenge,
                           struct wk_otp *otp, struct wk_why *why) {
  struct draw draw = {.challenge = challenge};
  memset(otp, 0, sizeof *otp);
  if (client->user)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "%s: opened for a user, who makes no login alone",
                   client_where(client));
  if (client->dongle)
    return from_dongle_next(client, challenge, otp, why);
  const enum wk_err err = client_edit(client, take, &draw, why);
  if (err != WK_OK)
    return err;
  begin_request(client, &draw);
  make_x1(client, otp, &draw);
  expect_x4(&client->request, otp);
  if (draw.d.present)
    make_x2(client, otp, &draw);
  return WK_OK;
}

enum wk_err wk_client_user(struct wk_client *client, const uint8_t *challenge,
                           struct wk_otp *otp, struct wk_why *why) {
  struct draw draw = {.challenge = challenge, .joins = otp};
  if (!client->user || otp->has_x2)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "%s: the login has a user's message already",
                   client_where(client));
  const enum wk_err err = client_edit(client, take, &draw, why);
  if (err != WK_OK)
    return err;
  begin_request(client, &draw);
  expect_x4(&client->request, otp);
  make_x2(client, otp, &draw);
  return WK_OK;
}

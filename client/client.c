/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/client.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <whitekey/file.h>
#include <whitekey/random.h>

#include "values.h"

/* What the answer to the last login must fit. */
struct request {
  bool open; /* sent, and not yet known how it ended */
  struct wk_header header;
  uint8_t digest[WK_DIGEST_LEN];
  bool challenged;
  uint8_t challenge[WK_CHALLENGE_LEN];
};

struct wk_client {
  char *path; /* of the credential file without symbolic links, or NULL */
  struct wk_credential credential;
  wk_clock *clock;
  void *clock_context;
  struct values c, d;
  unsigned refusals; /* explicit ones since the last success */
  uint32_t advance;  /* of the next index over the last one */
  struct request request;
};

uint32_t wk_clock_system(void *context) {
  (void)context;
  const time_t now = time(NULL);
  return now > 0 && (uint64_t)now <= UINT32_MAX ? (uint32_t)now : 0;
}

/* ---- credential file ---------------------------------------------------- */

static enum wk_err load(struct wk_credential *credential, const char *path,
                        struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_private(path, "credential", why);
  if (err == WK_OK)
    err = wk_file_read(&text, &len, path, WK_CREDENTIAL_FILE_MAX, why);
  if (err == WK_OK)
    err = wk_credential_parse(credential, text, len, path, why);
  wk_file_wipe(text, len);
  return err == WK_ERR_SPACE ? WK_ERR_MALFORMED : err;
}

static enum wk_err save(const struct wk_credential *credential,
                        const char *path, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_credential_write(&text, &len, credential);
  if (err != WK_OK)
    return wk_fail(why, err, "%s: out of memory", path);
  err = wk_file_replace(path, text, len, 0600, why);
  wk_file_wipe(text, len);
  return err;
}

/* ---- life --------------------------------------------------------------- */

static struct wk_client *client_new(wk_clock *clock, void *context) {
  struct wk_client *client = calloc(1, sizeof *client);
  if (client) {
    client->clock = clock;
    client->clock_context = context;
    client->advance = 1;
  }
  return client;
}

/* An X2 names its X1, so a chain D alone makes no login. */
static enum wk_err need_chain_c(const struct wk_credential *credential,
                                const char *where, struct wk_why *why) {
  if (credential->c.present)
    return WK_OK;
  return wk_fail(why, WK_ERR_ARGUMENT,
                 "%s: holds no device chain (C), only a user's", where);
}

enum wk_err wk_client_open(struct wk_client **client, const char *path,
                           wk_clock *clock, void *clock_context,
                           struct wk_why *why) {
  *client = NULL;
  struct wk_client *made = client_new(clock, clock_context);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  enum wk_err err = load(&made->credential, path, why);
  if (err == WK_OK)
    err = need_chain_c(&made->credential, path, why);
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
      !in_range(&credential->d))
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
  free(client->path);
  wk_wipe(client, sizeof *client);
  free(client);
}

const struct wk_id *wk_client_id(const struct wk_client *client) {
  return &client->credential.id;
}

/* ---- the next index ----------------------------------------------------- */

/* What one login spends. */
struct draw {
  uint32_t c, d; /* indices */
  uint32_t time;
};

static enum wk_err spend(uint32_t *index, struct wk_credential_chain *chain,
                         uint32_t advance) {
  if (chain->next > chain->n)
    return WK_ERR_EXHAUSTED;
  /* A jump past the end still tries the last one. */
  *index = chain->next + advance - 1;
  if (*index > chain->n)
    *index = chain->n;
  chain->next = *index + 1;
  return WK_OK;
}

/* Never lower than a time sent before: 0 until the clock has caught up. */
static uint32_t read_clock(const struct wk_client *client, uint32_t *sent) {
  const uint32_t now =
      client->clock ? client->clock(client->clock_context) : 0;
  if (now == 0 || now < *sent)
    return 0;
  *sent = now;
  return now;
}

static enum wk_err take(struct draw *draw, struct wk_credential *credential,
                        const struct wk_client *client, struct wk_why *why) {
  const char *where = client->path ? client->path : credential->id.did;
  char role = 'C';
  enum wk_err err = spend(&draw->c, &credential->c, client->advance);
  if (err == WK_OK && credential->d.present) {
    role = 'D';
    err = spend(&draw->d, &credential->d, client->advance);
  }
  if (err != WK_OK)
    return wk_fail(why, err, "%s: chain %c is spent: enrol the device again",
                   where, role);
  draw->time = read_clock(client, &credential->time);
  return WK_OK;
}

/* A file that was exchanged for another device's is not what was opened. */
static enum wk_err reload(struct wk_credential *credential,
                          const struct wk_client *client, struct wk_why *why) {
  enum wk_err err = load(credential, client->path, why);
  if (err == WK_OK)
    err = need_chain_c(credential, client->path, why);
  if (err == WK_OK &&
      strcmp(credential->id.did, client->credential.id.did) != 0)
    err = wk_fail(why, WK_ERR_CORRUPT, "%s: is of device %s now, was of %s",
                  client->path, credential->id.did, client->credential.id.did);
  return err;
}

/*
 * Section 2: index and time are durable before a byte of the message leaves,
 * and the clock is read after the index, under the same lock.
 */
static enum wk_err draw_durably(struct draw *draw,
                                struct wk_credential *credential,
                                const struct wk_client *client,
                                struct wk_why *why) {
  int lock = -1;
  enum wk_err err = wk_file_lock(&lock, client->path, why);
  if (err != WK_OK)
    return err;
  err = reload(credential, client, why);
  if (err == WK_OK)
    err = take(draw, credential, client, why);
  if (err == WK_OK)
    err = save(credential, client->path, why);
  wk_file_unlock(lock);
  return err;
}

/* ---- messages ----------------------------------------------------------- */

static void seal_login(uint8_t *out, const struct wk_header *header,
                       const struct wk_login *body,
                       const struct wk_credential *credential,
                       const uint8_t *challenge) {
  uint8_t kx[WK_KX_LEN];
  wk_key_message(kx, credential->ks, &credential->id, header->epoch,
                 credential->bio_id);
  const struct wk_seal seal = {&credential->id, kx, challenge};
  const enum wk_err err = wk_login_seal(out, header, body, &seal);
  assert(err == WK_OK);
  (void)err;
  wk_wipe(kx, sizeof kx);
}

static void make_x1(struct wk_client *client, struct wk_otp *otp,
                    const struct draw *draw, const uint8_t *challenge) {
  const struct wk_credential *credential = &client->credential;
  struct wk_login body = {.time = draw->time};
  struct request *request = &client->request;
  memset(request, 0, sizeof *request);
  request->open = true;
  request->header.type = WK_X1;
  request->header.epoch = credential->c.epoch;
  request->header.index = draw->c;
  wk_random(request->header.nonce, WK_NONCE_LEN);
  if (challenge) {
    request->challenged = true;
    memcpy(request->challenge, challenge, WK_CHALLENGE_LEN);
  }
  values_at(&client->c, body.x, &credential->id, WK_ROLE_C, &credential->c,
            draw->c);
  seal_login(otp->x1, &request->header, &body, credential, challenge);
  wk_msg_digest(request->digest, otp->x1, WK_X1_LEN);
  wk_wipe(&body, sizeof body);
}

static void make_x2(struct wk_client *client, struct wk_otp *otp,
                    const struct draw *draw, const uint8_t *challenge) {
  const struct wk_credential *credential = &client->credential;
  struct wk_login body = {.time = draw->time};
  struct wk_header header = {
      .type = WK_X2, .epoch = credential->d.epoch, .index = draw->d};
  wk_random(header.nonce, WK_NONCE_LEN);
  values_at(&client->d, body.x, &credential->id, WK_ROLE_D, &credential->d,
            draw->d);
  memcpy(body.digest, client->request.digest, WK_DIGEST_LEN);
  seal_login(otp->x2, &header, &body, credential, challenge);
  otp->has_x2 = true;
  wk_wipe(&body, sizeof body);
}

enum wk_err wk_client_next(struct wk_client *client, const uint8_t *challenge,
                           struct wk_otp *otp, struct wk_why *why) {
  struct wk_credential changed = client->credential;
  struct draw draw = {0, 0, 0};
  memset(otp, 0, sizeof *otp);
  const enum wk_err err = client->path
                              ? draw_durably(&draw, &changed, client, why)
                              : take(&draw, &changed, client, why);
  if (err == WK_OK) {
    client->credential = changed;
    client->advance = 1;
    make_x1(client, otp, &draw, challenge);
    if (changed.d.present)
      make_x2(client, otp, &draw, challenge);
  }
  wk_credential_wipe(&changed);
  return err;
}

/* ---- the answer --------------------------------------------------------- */

static enum wk_err open_reply(struct wk_reply *reply,
                              const struct wk_client *client,
                              const struct wk_header *header,
                              const uint8_t *x4) {
  const struct wk_credential *credential = &client->credential;
  const struct request *request = &client->request;
  uint8_t kx[WK_KX_LEN];
  wk_key_message(kx, credential->ks, &credential->id, header->epoch,
                 credential->bio_id);
  const struct wk_seal seal = {
      &credential->id, kx, request->challenged ? request->challenge : NULL};
  enum wk_err err = wk_reply_open(reply, header, x4, &seal);
  wk_wipe(kx, sizeof kx);
  if (err == WK_OK && !wk_equal(reply->digest, request->digest, WK_DIGEST_LEN))
    err = WK_ERR_FORGED;
  if (err == WK_OK && reply->status == WK_STATUS_REFUSED)
    err = WK_ERR_MALFORMED; /* answers an X3, never a login */
  return err;
}

enum wk_err wk_client_check(struct wk_client *client, const uint8_t *x4,
                            size_t len, struct wk_reply *reply,
                            struct wk_why *why) {
  const struct request *request = &client->request;
  struct wk_header header;
  memset(reply, 0, sizeof *reply);
  if (wk_header_parse(&header, WK_X4, x4, len) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: the server's answer is no X4 message",
                   client->credential.id.did);
  enum wk_err err = WK_ERR_FORGED;
  if (header.epoch == request->header.epoch &&
      header.index == request->header.index)
    err = open_reply(reply, client, &header, x4);
  if (err != WK_OK) {
    memset(reply, 0, sizeof *reply);
    return wk_fail(why, err, "%s: the X4 message does not answer this login",
                   client->credential.id.did);
  }
  wk_client_accepted(client);
  return WK_OK;
}

void wk_client_accepted(struct wk_client *client) {
  client->request.open = false;
  client->refusals = 0;
  client->advance = 1;
}

/* Section 2: 1, 2, 4 .. R once since the last success, then 1 each. */
void wk_client_refused(struct wk_client *client) {
  if (!client->request.open)
    return;
  client->request.open = false;
  const uint32_t step = UINT32_C(1) << client->refusals;
  client->advance = step <= WK_SKIP_MAX ? step : 1;
  if (step <= WK_SKIP_MAX)
    client->refusals++;
}

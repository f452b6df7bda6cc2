/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/dongle.h>

#include <stdlib.h>
#include <string.h>

#include <whitekey/random.h>

#include "ask.h"
#include "dongle_status.h"

struct wk_dongle {
  char *port;
  struct asking asking;
  uint8_t status; /* of the last answer */
  uint8_t result[FRAME_CONTENT_MAX];
};

/* result: what follows the status. */
static enum wk_err ask(struct wk_dongle *d, const struct question *q,
                       struct wk_reader *result, struct wk_why *why) {
  const uint8_t *content = NULL;
  size_t len = 0;
  const enum wk_err err = asking_ask(&d->asking, q, &content, &len, why);
  if (err != WK_OK)
    return err;
  wk_wipe(d->result, sizeof d->result);
  memcpy(d->result, content + 1, len - 1);
  wk_reader_init(result, d->result, len - 1);
  d->status = content[0];
  return dongle_judge(d->status, d->port, q->not_now, why);
}

/* An answer longer than this program knows is of a newer firmware. */
static enum wk_err whole(const struct wk_dongle *d, const struct wk_reader *r,
                         struct wk_why *why) {
  if (r->ok)
    return WK_OK;
  return wk_fail(why, WK_ERR_MALFORMED, "%s: the dongle's answer is too short",
                 d->port);
}

/* ---- life --------------------------------------------------------------- */

enum wk_err wk_dongle_open(struct wk_dongle **dongle, const char *port,
                           struct wk_why *why) {
  struct wk_dongle_info info;
  struct wk_dongle *d = calloc(1, sizeof *d);
  *dongle = NULL;
  if (!d || !(d->port = strdup(port))) {
    free(d);
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", port);
  }
  asking_init(&d->asking, d->port);
  const enum wk_err err = wk_dongle_info(d, &info, why);
  if (err != WK_OK) {
    wk_dongle_close(d);
    return err;
  }
  *dongle = d;
  return WK_OK;
}

void wk_dongle_close(struct wk_dongle *dongle) {
  if (!dongle)
    return;
  asking_end(&dongle->asking);
  free(dongle->port);
  wk_wipe(dongle, sizeof *dongle);
  free(dongle);
}

void wk_dongle_no_wait(struct wk_dongle *dongle) {
  dongle->asking.no_wait = true;
}

struct wk_wait wk_dongle_wait(const struct wk_dongle *dongle) {
  const struct asking *a = &dongle->asking;
  return (struct wk_wait){
      .fd = a->serial.fd, .out = serial_unsent(&a->serial), .until = a->until};
}

void wk_dongle_give_up(struct wk_dongle *dongle) {
  asking_give_up(&dongle->asking);
}

/* ---- commands ----------------------------------------------------------- */

enum wk_err wk_dongle_info(struct wk_dongle *dongle,
                           struct wk_dongle_info *info, struct wk_why *why) {
  const struct question q = {.op = WK_LINE_INFO, .not_now = "says nothing"};
  struct wk_reader r;
  memset(info, 0, sizeof *info);
  enum wk_err err = ask(dongle, &q, &r, why);
  if (err != WK_OK)
    return err;
  info->state = (enum wk_dongle_state)wk_read_u8(&r);
  info->epoch = wk_read_be32(&r);
  info->n = wk_read_be32(&r);
  info->next = wk_read_be32(&r);
  info->at = wk_read_be32(&r);
  const uint8_t did_len = wk_read_u8(&r);
  if (did_len <= WK_DID_MAX)
    wk_read_bytes(&r, (uint8_t *)info->did, did_len);
  err = whole(dongle, &r, why);
  if (err == WK_OK && did_len > 0) {
    const uint8_t realm[WK_REALM_LEN] = {0};
    struct wk_id id;
    if (wk_id_init(&id, realm, info->did, did_len) != WK_OK)
      err = wk_fail(why, WK_ERR_MALFORMED,
                    "%s: the dongle's name is none of a device", dongle->port);
  }
  if (err != WK_OK)
    memset(info, 0, sizeof *info);
  return err;
}

enum wk_err wk_dongle_finger(struct wk_dongle *dongle, uint8_t step,
                             struct wk_why *why) {
  const struct question q = {.op = WK_LINE_FINGER,
                             .payload = &step,
                             .len = 1,
                             .not_now = "cannot learn a finger in this state"};
  struct wk_reader r;
  const enum wk_err err = ask(dongle, &q, &r, why);
  if (err == WK_OK || dongle->status != WK_LINE_UNKNOWN) {
    /* The new finger is still there, the old one is wanted. */
    const bool early = step == 3 && dongle->status == WK_LINE_STRANGER;
    return err != WK_OK && early ? WK_ERR_KEY : err;
  }
  return wk_fail(why, WK_ERR_MISSING, "%s: the dongle has no sensor",
                 dongle->port);
}

enum wk_err wk_dongle_site(struct wk_dongle *dongle, const char *label,
                           uint8_t secret[WK_HASH_LEN], struct wk_why *why) {
  uint8_t payload[1 + WK_DONGLE_LABEL_MAX];
  struct wk_writer w;
  struct wk_reader r;
  memset(secret, 0, WK_HASH_LEN);
  wk_writer_init(&w, payload, sizeof payload);
  wk_write_u8(&w, (uint8_t)strlen(label));
  wk_write_text(&w, label);
  if (!w.ok || *label == '\0')
    return wk_fail(why, WK_ERR_ARGUMENT, "a label has 1 to %u bytes",
                   WK_DONGLE_LABEL_MAX);
  const struct question q = {.op = WK_LINE_SITE,
                             .payload = payload,
                             .len = w.used,
                             .not_now = "is not enrolled"};
  const enum wk_err err = ask(dongle, &q, &r, why);
  if (err != WK_OK)
    return err;
  wk_read_bytes(&r, secret, WK_HASH_LEN);
  wk_wipe(dongle->result, sizeof dongle->result);
  return whole(dongle, &r, why);
}

/* The answer to a question that was taken may be what was lost. */
static bool was_taken(struct wk_dongle *d, bool repeated, enum wk_err err,
                      const char *did, enum wk_dongle_state state) {
  struct wk_dongle_info info;
  return err == WK_ERR_EXISTS && repeated &&
         wk_dongle_info(d, &info, NULL) == WK_OK &&
         strcmp(info.did, did) == 0 && info.state == state;
}

enum wk_err wk_dongle_enrol(struct wk_dongle *dongle, const struct wk_id *id,
                            uint32_t n, struct wk_why *why) {
  uint8_t payload[4 + WK_REALM_LEN + 32 + 1 + WK_DID_MAX];
  uint8_t random[32];
  struct wk_writer w;
  struct wk_reader r;
  wk_random(random, sizeof random);
  wk_writer_init(&w, payload, sizeof payload);
  wk_write_be32(&w, n);
  wk_write_bytes(&w, id->realm, WK_REALM_LEN);
  wk_write_bytes(&w, random, sizeof random);
  wk_write_u8(&w, id->did_len);
  wk_write_bytes(&w, id->did, id->did_len);
  const struct question q = {.op = WK_LINE_ENROL,
                             .payload = payload,
                             .len = w.used,
                             .not_now = "is enrolled already: erase it first"};
  enum wk_err err = ask(dongle, &q, &r, why);
  const bool repeated = dongle->asking.repeated;
  if (was_taken(dongle, repeated, err, id->did, WK_DONGLE_COMPUTING) ||
      was_taken(dongle, repeated, err, id->did, WK_DONGLE_KEYLESS))
    err = WK_OK;
  wk_wipe(payload, sizeof payload);
  wk_wipe(random, sizeof random);
  return err;
}

enum wk_err wk_dongle_public(struct wk_dongle *dongle,
                             uint8_t bio_id[WK_BIO_LEN],
                             uint8_t anchor[WK_VALUE_LEN],
                             struct wk_why *why) {
  const struct question q = {.op = WK_LINE_PUBLIC,
                             .not_now = "has given passwords already"};
  struct wk_reader r;
  memset(bio_id, 0, WK_BIO_LEN);
  memset(anchor, 0, WK_VALUE_LEN);
  enum wk_err err = ask(dongle, &q, &r, why);
  if (err != WK_OK)
    return err;
  wk_read_bytes(&r, bio_id, WK_BIO_LEN);
  wk_read_bytes(&r, anchor, WK_VALUE_LEN);
  wk_wipe(dongle->result, sizeof dongle->result);
  err = whole(dongle, &r, why);
  if (err != WK_OK)
    memset(bio_id, 0, WK_BIO_LEN);
  return err;
}

enum wk_err wk_dongle_key(struct wk_dongle *dongle,
                          const uint8_t ks[WK_KS_LEN], struct wk_why *why) {
  const struct question q = {.op = WK_LINE_KEY,
                             .payload = ks,
                             .len = WK_KS_LEN,
                             .not_now = "does not wait for its server's key"};
  struct wk_dongle_info before;
  struct wk_reader r;
  enum wk_err err = wk_dongle_info(dongle, &before, why);
  if (err != WK_OK)
    return err;
  err = ask(dongle, &q, &r, why);
  if (before.state == WK_DONGLE_KEYLESS &&
      was_taken(dongle, dongle->asking.repeated, err, before.did,
                WK_DONGLE_READY))
    err = WK_OK;
  return err;
}

enum wk_err wk_dongle_password(struct wk_dongle *dongle,
                               const struct wk_dongle_wish *wish,
                               uint8_t x1[WK_X1_LEN], struct wk_why *why) {
  uint8_t payload[1 + 4 + WK_NONCE_LEN + WK_CHALLENGE_LEN];
  uint8_t nonce[WK_NONCE_LEN];
  struct wk_writer w;
  struct wk_reader r;
  memset(x1, 0, WK_X1_LEN);
  wk_random(nonce, sizeof nonce);
  wk_writer_init(&w, payload, sizeof payload);
  wk_write_u8(&w, wish->skip);
  wk_write_be32(&w, wish->time);
  wk_write_bytes(&w, nonce, sizeof nonce);
  if (wish->challenge)
    wk_write_bytes(&w, wish->challenge, WK_CHALLENGE_LEN);
  const struct question q = {.op = WK_LINE_PASSWORD,
                             .payload = payload,
                             .len = w.used,
                             .not_now = "is not enrolled, or not yet"};
  enum wk_err err = ask(dongle, &q, &r, why);
  if (err != WK_OK)
    return err;
  wk_read_bytes(&r, x1, WK_X1_LEN);
  wk_wipe(dongle->result, sizeof dongle->result);
  return whole(dongle, &r, why);
}

enum wk_err wk_dongle_answer(struct wk_dongle *dongle,
                             const uint8_t x4[WK_X4_LEN],
                             struct wk_reply *reply, struct wk_why *why) {
  const struct question q = {.op = WK_LINE_ANSWER,
                             .payload = x4,
                             .len = WK_X4_LEN,
                             .not_now = "expects no answer of a server"};
  struct wk_reader r;
  memset(reply, 0, sizeof *reply);
  enum wk_err err = ask(dongle, &q, &r, why);
  if (err != WK_OK)
    return err;
  reply->status = (enum wk_status)wk_read_u8(&r);
  reply->role = (enum wk_role)wk_read_u8(&r);
  reply->epoch = wk_read_be32(&r);
  reply->index = wk_read_be32(&r);
  reply->time = wk_read_be32(&r);
  err = whole(dongle, &r, why);
  if (err != WK_OK)
    memset(reply, 0, sizeof *reply);
  return err;
}

enum wk_err wk_dongle_update(struct wk_dongle *dongle, bool now,
                             uint8_t x3[WK_X3_LEN], struct wk_why *why) {
  uint8_t payload[1 + 32] = {now};
  const struct question q = {.op = WK_LINE_UPDATE,
                             .payload = payload,
                             .len = sizeof payload,
                             .not_now = "has no update to do"};
  struct wk_reader r;
  memset(x3, 0, WK_X3_LEN);
  wk_random(payload + 1, sizeof payload - 1);
  const enum wk_err err = ask(dongle, &q, &r, why);
  wk_wipe(payload, sizeof payload);
  if (err != WK_OK)
    return err;
  wk_read_bytes(&r, x3, WK_X3_LEN);
  return whole(dongle, &r, why);
}

enum wk_err wk_dongle_reset(struct wk_dongle *dongle, struct wk_why *why) {
  static const uint8_t sure[] = {'E', 'R', 'A', 'S', 'E'};
  const struct question q = {.op = WK_LINE_RESET,
                             .payload = sure,
                             .len = sizeof sure,
                             .not_now = "cannot be erased now"};
  struct wk_reader r;
  return ask(dongle, &q, &r, why);
}

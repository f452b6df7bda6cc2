/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "chance.h"
#include "lock.h"
#include "pool.h"
#include "session.h"

#include <whitekey/bytes.h>

enum op {
  OP_INFO = 1,
  OP_ENROL = 2,
  OP_PUBLIC = 3,
  OP_LOGIN = 4,
  OP_ANSWER = 5,
  OP_RESET = 6,
  OP_KEY = 7,
  OP_FINGER = 8,
  OP_SITE = 9,
  OP_UPDATE = 10
};

enum status {
  OK = 0,
  UNKNOWN = 1,    /* no such command */
  MALFORMED = 2,  /* its length or a value */
  WRONG_TIME = 3, /* not in this state */
  BUSY = 4,       /* building its chain: ask again */
  SPENT = 5,      /* no password is left */
  LOCKED = 6,     /* wants a finger, and there is none */
  DAMAGED = 7,    /* the EEPROM */
  REFUSED = 8,    /* not the server's answer */
  STRANGER = 9,   /* of the finger, as WK_TOUCH_* */
  UNREADABLE = 10,
  CHANGED = 11,
  SILENT = 12,
  NOISE = 13,
  SENSOR = 14,
  STOLEN = 15 /* the server knows a chain that is not ours */
};

#define REPLY 0x80u

static enum status status_of_touch(enum wk_touch touch) {
  switch (touch) {
  case WK_TOUCH_OK:
  case WK_TOUCH_NO_FINGER:
    break;
  case WK_TOUCH_STRANGER:
    return STRANGER;
  case WK_TOUCH_UNREADABLE:
    return UNREADABLE;
  case WK_TOUCH_CHANGED:
    return CHANGED;
  case WK_TOUCH_SILENT:
    return SILENT;
  case WK_TOUCH_NOISE:
    return NOISE;
  case WK_TOUCH_REFUSED:
    return SENSOR;
  }
  return LOCKED;
}

static enum status status_of(enum wk_err err) {
  switch (err) {
  case WK_OK:
    return OK;
  case WK_ERR_ARGUMENT:
  case WK_ERR_MALFORMED:
    return MALFORMED;
  case WK_ERR_EXISTS:
  case WK_ERR_MISSING:
    return WRONG_TIME;
  case WK_ERR_BUSY:
    return BUSY;
  case WK_ERR_EXHAUSTED:
    return SPENT;
  case WK_ERR_KEY:
    return status_of_touch(wk_lock_said());
  case WK_ERR_FORGED:
    return REFUSED;
  case WK_ERR_CHAIN:
    return STOLEN;
  case WK_ERR_SPACE:
  case WK_ERR_CORRUPT:
  case WK_ERR_IO:
  case WK_ERR_MEMORY:
    break;
  }
  return DAMAGED;
}

/* What is left of a request must be all read. */
static bool whole(const struct wk_reader *in) {
  return in->ok && in->left == 0;
}

static enum status info(struct wk_writer *out, struct wk_reader *in) {
  if (!whole(in))
    return MALFORMED;
  const struct wk_device *d = wk_session_device();
  const struct wk_store *s = wk_session_store();
  const enum wk_which which = wk_update_which(s);
  wk_write_u8(out, (uint8_t)wk_session_state());
  wk_write_be32(out, s->line[which].epoch.epoch);
  wk_write_be32(out, d->n);
  wk_write_be32(out, s->line[which].present ? wk_store_next(s, which) : 0);
  wk_write_be32(out, wk_store_progress(s));
  wk_write_u8(out, d->id.did_len);
  wk_write_bytes(out, d->id.did, d->id.did_len);
  wk_write_u8(out, (uint8_t)wk_update_state(s));
  wk_write_u8(out, (uint8_t)wk_chance_health(WK_SOURCE_OSCILLATOR));
  wk_write_u8(out, (uint8_t)wk_chance_health(WK_SOURCE_PIN));
  return OK;
}

static enum status enrol(struct wk_writer *out, struct wk_reader *in) {
  struct wk_enrolment e;
  (void)out;
  e.n = wk_read_be32(in);
  const uint8_t *realm = wk_read_view(in, WK_REALM_LEN);
  e.random = wk_read_view(in, WK_RANDOM_LEN);
  const uint8_t did_len = wk_read_u8(in);
  const char *did = (const char *)wk_read_view(in, did_len);
  if (!whole(in) || wk_id_init(&e.id, realm, did, did_len) != WK_OK)
    return MALFORMED;
  return status_of(wk_session_enrol(&e));
}

static enum status public(struct wk_writer *out, struct wk_reader *in) {
  uint8_t bio_id[WK_BIO_LEN]; uint8_t anchor[WK_VALUE_LEN];
  if (!whole(in)) return MALFORMED;
  const enum wk_err err = wk_session_public(bio_id, anchor);
  if (err == WK_ERR_ARGUMENT) return WRONG_TIME;
  wk_write_bytes(out, bio_id, sizeof bio_id);
  wk_write_bytes(out, anchor, sizeof anchor);
  wk_wipe(bio_id, sizeof bio_id);
  return status_of(err);
}

static enum status key(struct wk_writer *out, struct wk_reader *in) {
  uint8_t ks[WK_KS_LEN];
  (void)out;
  wk_read_bytes(in, ks, sizeof ks);
  const enum status status =
      whole(in) ? status_of(wk_session_key(ks)) : MALFORMED;
  wk_wipe(ks, sizeof ks);
  return status;
}

static enum status login(struct wk_writer *out, struct wk_reader *in) {
  struct wk_wish wish = {.skip = wk_read_u8(in)};
  uint8_t x1[WK_X1_LEN];
  wish.time = wk_read_be32(in);
  wk_read_bytes(in, wish.nonce, sizeof wish.nonce);
  if (in->left > 0)
    wish.challenge = wk_read_view(in, WK_CHALLENGE_LEN);
  if (!whole(in) || wish.skip > WK_SKIP_MAX)
    return MALFORMED;
  const enum wk_err err = wk_session_login(x1, &wish);
  wk_write_bytes(out, x1, sizeof x1);
  return status_of(err);
}

static enum status answer(struct wk_writer *out, struct wk_reader *in) {
  struct wk_reply reply;
  const uint8_t *x4 = wk_read_view(in, WK_X4_LEN);
  if (!whole(in))
    return MALFORMED;
  const enum wk_err err = wk_session_answer(&reply, x4);
  wk_write_u8(out, (uint8_t)reply.status);
  wk_write_u8(out, (uint8_t)reply.role);
  wk_write_be32(out, reply.epoch);
  wk_write_be32(out, reply.index);
  wk_write_be32(out, reply.time);
  return status_of(err);
}

static enum status reset(struct wk_writer *out, struct wk_reader *in) {
  static const char sure[] = {'E', 'R', 'A', 'S', 'E'};
  const uint8_t *said = wk_read_view(in, sizeof sure);
  (void)out;
  if (!whole(in) || !wk_equal(said, sure, sizeof sure))
    return MALFORMED;
  if (WK_FINGER && wk_session_state() != WK_BLANK) {
    const enum wk_err err = wk_lock_may_erase();
    if (err != WK_OK)
      return status_of(err);
  }
  wk_session_reset();
  if (WK_FINGER)
    wk_lock_forget();
  return OK;
}

static enum status finger(struct wk_writer *out, struct wk_reader *in) {
  const uint8_t step = wk_read_u8(in);
  (void)out;
  return whole(in) ? status_of(wk_lock_teach(step)) : MALFORMED;
}

static enum status site(struct wk_writer *out, struct wk_reader *in) {
  uint8_t secret[WK_HASH_LEN];
  const uint8_t len = wk_read_u8(in);
  const uint8_t *label = wk_read_view(in, len);
  if (!whole(in) || len == 0)
    return MALFORMED;
  const enum wk_err err = wk_session_site(secret, label, len);
  wk_write_bytes(out, secret, sizeof secret);
  wk_wipe(secret, sizeof secret);
  return status_of(err);
}

/* X3 is made where it is sent from: the stack is short. */
static enum status update(struct wk_writer *out, struct wk_reader *in) {
  const uint8_t when = wk_read_u8(in);
  const uint8_t *random = wk_read_view(in, WK_RANDOM_LEN);
  if (!whole(in) || when > WK_UPDATE_NOW)
    return MALFORMED;
  out->used = WK_X3_LEN;
  return status_of(
      wk_session_update(out->start, (enum wk_update_when)when, random));
}

static enum status obey(uint8_t op, struct wk_writer *out,
                        struct wk_reader *in) {
  switch ((enum op)op) {
  case OP_INFO:
    return info(out, in);
  case OP_ENROL:
    return enrol(out, in);
  case OP_PUBLIC:
    return public(out, in);
  case OP_LOGIN:
    return login(out, in);
  case OP_ANSWER:
    return answer(out, in);
  case OP_RESET:
    return reset(out, in);
  case OP_KEY:
    return key(out, in);
  case OP_FINGER:
    return WK_FINGER ? finger(out, in) : UNKNOWN;
  case OP_SITE:
    return WK_FINGER ? site(out, in) : UNKNOWN;
  case OP_UPDATE:
    return update(out, in);
  }
  return UNKNOWN;
}

/* A command reads all of its request before it writes of its reply. */
uint8_t wk_command(uint8_t content[WK_FRAME_MAX], uint8_t len) {
  struct wk_reader in;
  struct wk_writer out;
  const uint8_t op = content[0];
  wk_reader_init(&in, content + 1, len - 1u);
  wk_writer_init(&out, content + 2, WK_FRAME_MAX - 2);
  const enum status status = obey(op, &out, &in);
  content[0] = op | REPLY;
  content[1] = (uint8_t)status;
  return status == OK ? (uint8_t)(2 + out.used) : 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "chance.h"
#include "lock.h"
#include "pool.h"
#include "session.h"

#include <whitekey/bytes.h>
#include <whitekey/dongle_line.h>

static enum wk_line_status status_of_touch(enum wk_touch touch) {
  switch (touch) {
  case WK_TOUCH_OK:
  case WK_TOUCH_NO_FINGER:
    break;
  case WK_TOUCH_STRANGER:
    return WK_LINE_STRANGER;
  case WK_TOUCH_UNREADABLE:
    return WK_LINE_UNREADABLE;
  case WK_TOUCH_CHANGED:
    return WK_LINE_CHANGED;
  case WK_TOUCH_SILENT:
    return WK_LINE_SILENT;
  case WK_TOUCH_NOISE:
    return WK_LINE_NOISE;
  case WK_TOUCH_REFUSED:
    return WK_LINE_SENSOR;
  }
  return WK_LINE_LOCKED;
}

static enum wk_line_status status_of(enum wk_err err) {
  switch (err) {
  case WK_OK:
    return WK_LINE_OK;
  case WK_ERR_ARGUMENT:
  case WK_ERR_MALFORMED:
    return WK_LINE_MALFORMED;
  case WK_ERR_EXISTS:
  case WK_ERR_MISSING:
    return WK_LINE_NOT_NOW;
  case WK_ERR_BUSY:
    return WK_LINE_BUSY;
  case WK_ERR_EXHAUSTED:
    return WK_LINE_SPENT;
  case WK_ERR_KEY:
    return status_of_touch(wk_lock_said());
  case WK_ERR_FORGED:
    return WK_LINE_REFUSED;
  case WK_ERR_CHAIN:
    return WK_LINE_STOLEN;
  case WK_ERR_SPACE:
  case WK_ERR_CORRUPT:
  case WK_ERR_IO:
  case WK_ERR_MEMORY:
  case WK_ERR_AGAIN:
    break;
  }
  return WK_LINE_DAMAGED;
}

/* What is left of a request must be all read. */
static bool whole(const struct wk_reader *in) {
  return in->ok && in->left == 0;
}

static enum wk_line_status info(struct wk_writer *out, struct wk_reader *in) {
  if (!whole(in))
    return WK_LINE_MALFORMED;
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
  return WK_LINE_OK;
}

static enum wk_line_status enrol(struct wk_writer *out, struct wk_reader *in) {
  struct wk_enrolment e;
  (void)out;
  e.n = wk_read_be32(in);
  const uint8_t *realm = wk_read_view(in, WK_REALM_LEN);
  e.random = wk_read_view(in, WK_RANDOM_LEN);
  const uint8_t did_len = wk_read_u8(in);
  const char *did = (const char *)wk_read_view(in, did_len);
  if (!whole(in) || wk_id_init(&e.id, realm, did, did_len) != WK_OK)
    return WK_LINE_MALFORMED;
  return status_of(wk_session_enrol(&e));
}

static enum wk_line_status public(struct wk_writer *out,
                                  struct wk_reader *in) {
  uint8_t bio_id[WK_BIO_LEN]; uint8_t anchor[WK_VALUE_LEN];
  if (!whole(in)) return WK_LINE_MALFORMED;
  const enum wk_err err = wk_session_public(bio_id, anchor);
  if (err == WK_ERR_ARGUMENT) return WK_LINE_NOT_NOW;
  wk_write_bytes(out, bio_id, sizeof bio_id);
  wk_write_bytes(out, anchor, sizeof anchor);
  wk_wipe(bio_id, sizeof bio_id);
  return status_of(err);
}

static enum wk_line_status key(struct wk_writer *out, struct wk_reader *in) {
  uint8_t ks[WK_KS_LEN];
  (void)out;
  wk_read_bytes(in, ks, sizeof ks);
  const enum wk_line_status status =
      whole(in) ? status_of(wk_session_key(ks)) : WK_LINE_MALFORMED;
  wk_wipe(ks, sizeof ks);
  return status;
}

static enum wk_line_status login(struct wk_writer *out, struct wk_reader *in) {
  struct wk_wish wish = {.skip = wk_read_u8(in)};
  uint8_t x1[WK_X1_LEN];
  wish.time = wk_read_be32(in);
  wk_read_bytes(in, wish.nonce, sizeof wish.nonce);
  if (in->left > 0)
    wish.challenge = wk_read_view(in, WK_CHALLENGE_LEN);
  if (!whole(in) || wish.skip > WK_SKIP_MAX)
    return WK_LINE_MALFORMED;
  const enum wk_err err = wk_session_login(x1, &wish);
  wk_write_bytes(out, x1, sizeof x1);
  return status_of(err);
}

static enum wk_line_status answer(struct wk_writer *out,
                                  struct wk_reader *in) {
  struct wk_reply reply;
  const uint8_t *x4 = wk_read_view(in, WK_X4_LEN);
  if (!whole(in))
    return WK_LINE_MALFORMED;
  const enum wk_err err = wk_session_answer(&reply, x4);
  wk_write_u8(out, (uint8_t)reply.status);
  wk_write_u8(out, (uint8_t)reply.role);
  wk_write_be32(out, reply.epoch);
  wk_write_be32(out, reply.index);
  wk_write_be32(out, reply.time);
  return status_of(err);
}

static enum wk_line_status reset(struct wk_writer *out, struct wk_reader *in) {
  static const char sure[] = {'E', 'R', 'A', 'S', 'E'};
  const uint8_t *said = wk_read_view(in, sizeof sure);
  (void)out;
  if (!whole(in) || !wk_equal(said, sure, sizeof sure))
    return WK_LINE_MALFORMED;
  if (WK_FINGER && wk_session_state() != WK_BLANK) {
    const enum wk_err err = wk_lock_may_erase();
    if (err != WK_OK)
      return status_of(err);
  }
  wk_session_reset();
  if (WK_FINGER)
    wk_lock_forget();
  return WK_LINE_OK;
}

static enum wk_line_status finger(struct wk_writer *out,
                                  struct wk_reader *in) {
  const uint8_t step = wk_read_u8(in);
  (void)out;
  return whole(in) ? status_of(wk_lock_teach(step)) : WK_LINE_MALFORMED;
}

static enum wk_line_status site(struct wk_writer *out, struct wk_reader *in) {
  uint8_t secret[WK_HASH_LEN];
  const uint8_t len = wk_read_u8(in);
  const uint8_t *label = wk_read_view(in, len);
  if (!whole(in) || len == 0)
    return WK_LINE_MALFORMED;
  const enum wk_err err = wk_session_site(secret, label, len);
  wk_write_bytes(out, secret, sizeof secret);
  wk_wipe(secret, sizeof secret);
  return status_of(err);
}

/* X3 is made where it is sent from: the stack is short. */
static enum wk_line_status update(struct wk_writer *out,
                                  struct wk_reader *in) {
  const uint8_t when = wk_read_u8(in);
  const uint8_t *random = wk_read_view(in, WK_RANDOM_LEN);
  if (!whole(in) || when > WK_UPDATE_NOW)
    return WK_LINE_MALFORMED;
  out->used = WK_X3_LEN;
  return status_of(
      wk_session_update(out->start, (enum wk_update_when)when, random));
}

static enum wk_line_status obey(uint8_t op, struct wk_writer *out,
                                struct wk_reader *in) {
  switch ((enum wk_line_op)op) {
  case WK_LINE_INFO:
    return info(out, in);
  case WK_LINE_ENROL:
    return enrol(out, in);
  case WK_LINE_PUBLIC:
    return public(out, in);
  case WK_LINE_PASSWORD:
    return login(out, in);
  case WK_LINE_ANSWER:
    return answer(out, in);
  case WK_LINE_RESET:
    return reset(out, in);
  case WK_LINE_KEY:
    return key(out, in);
  case WK_LINE_FINGER:
    return WK_FINGER ? finger(out, in) : WK_LINE_UNKNOWN;
  case WK_LINE_SITE:
    return WK_FINGER ? site(out, in) : WK_LINE_UNKNOWN;
  case WK_LINE_UPDATE:
    return update(out, in);
  }
  return WK_LINE_UNKNOWN;
}

/* A command reads all of its request before it writes of its reply. */
uint8_t wk_command(uint8_t content[WK_FRAME_MAX], uint8_t len) {
  struct wk_reader in;
  struct wk_writer out;
  const uint8_t op = content[0];
  wk_reader_init(&in, content + 1, len - 1u);
  wk_writer_init(&out, content + 2, WK_FRAME_MAX - 2);
  const enum wk_line_status status = obey(op, &out, &in);
  content[0] = op | WK_LINE_REPLY;
  content[1] = (uint8_t)status;
  return status == WK_LINE_OK ? (uint8_t)(2 + out.used) : 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dongle says, as the client's library reads it. The input is the
 * line's bytes; or, where it begins with an odd byte, lengths and contents
 * that get their frames here, for few mutations would find the CRC.
 */
#include <string.h>

#include <whitekey/dongle.h>

#include "fuzz.h"
#include "serial.h"

static const uint8_t *line;
static size_t left;
static bool framed;
static uint8_t wire[FRAME_WIRE_MAX];
static size_t wire_len, wire_at;

/* ---- a port that says the input and then is gone ------------------------ */

static bool next_byte(uint8_t *byte) {
  if (wire_at == wire_len && framed && left > 0) {
    const size_t most =
        left - 1 < FRAME_CONTENT_MAX ? left - 1 : FRAME_CONTENT_MAX;
    const size_t len = line[0] < most ? line[0] : most;
    wire_len = frame_write(wire, line + 1, len);
    wire_at = 0;
    line += 1 + len;
    left -= 1 + len;
  } else if (wire_at == wire_len && left > 0) {
    wire[0] = *line++;
    wire_len = 1;
    wire_at = 0;
    left--;
  }
  if (wire_at == wire_len)
    return false;
  *byte = wire[wire_at++];
  return true;
}

enum wk_err serial_open(struct serial *s, struct wk_why *why) {
  if (left == 0)
    return wk_fail(why, WK_ERR_MISSING, "%s: gone", s->name);
  memset(&s->in, 0, sizeof s->in);
  s->fd = 0;
  return WK_OK;
}

void serial_close(struct serial *s) {
  s->fd = -1;
}

enum wk_err serial_lost(struct serial *s, const char *cause,
                        struct wk_why *why) {
  serial_close(s);
  return wk_fail(why, WK_ERR_IO, "%s: %s", s->name, cause);
}

void serial_put(struct serial *s, const uint8_t *content, size_t len) {
  FUZZ_CHECK(frame_write(s->out, content, len) <= sizeof s->out);
}

enum wk_err serial_send(struct serial *s, struct wk_why *why) {
  (void)s;
  (void)why;
  return WK_OK;
}

bool serial_unsent(const struct serial *s) {
  (void)s;
  return false;
}

void serial_wait(const struct serial *s, int64_t until) {
  (void)s;
  (void)until;
}

enum wk_err serial_receive(struct serial *s, const uint8_t **content,
                           size_t *len, struct wk_why *why) {
  uint8_t byte = 0;
  *len = 0;
  while (next_byte(&byte)) {
    if (frame_take(&s->in, byte, content, len))
      return WK_OK;
  }
  return serial_lost(s, "gone", why);
}

/* ---- what a failure leaves is zero -------------------------------------- */

static bool is_zero(const void *data, size_t len) {
  const uint8_t *at = data;
  while (len > 0 && *at == 0) {
    at++;
    len--;
  }
  return len == 0;
}

static void check(enum wk_err err, const void *out, size_t len) {
  FUZZ_CHECK(err == WK_OK || is_zero(out, len));
}

static void ask_secrets(struct wk_dongle *d, struct wk_why *why) {
  const struct wk_dongle_wish wish = {.skip = 1};
  uint8_t bio_id[WK_BIO_LEN];
  uint8_t anchor[WK_VALUE_LEN];
  uint8_t secret[WK_HASH_LEN];
  uint8_t x1[WK_X1_LEN];
  uint8_t x3[WK_X3_LEN];
  enum wk_err err = wk_dongle_public(d, bio_id, anchor, why);
  check(err, bio_id, sizeof bio_id);
  check(err, anchor, sizeof anchor);
  err = wk_dongle_site(d, "label", secret, why);
  check(err, secret, sizeof secret);
  err = wk_dongle_password(d, &wish, x1, why);
  check(err, x1, sizeof x1);
  err = wk_dongle_update(d, true, x3, why);
  check(err, x3, sizeof x3);
}

static void ask(struct wk_dongle *d, struct wk_why *why) {
  static const uint8_t some[WK_X4_LEN];
  const struct wk_id id = {.did_len = 1, .did = "a"};
  struct wk_dongle_info info;
  struct wk_reply reply;
  enum wk_err err = wk_dongle_info(d, &info, why);
  check(err, &info, sizeof info);
  FUZZ_CHECK(memchr(info.did, 0, sizeof info.did));
  (void)!wk_dongle_finger(d, 3, why);
  (void)!wk_dongle_enrol(d, &id, WK_DONGLE_N_MIN, why);
  (void)!wk_dongle_key(d, some, why);
  err = wk_dongle_answer(d, some, &reply, why);
  check(err, &reply, sizeof reply);
  ask_secrets(d, why);
  (void)!wk_dongle_reset(d, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_dongle *dongle = NULL;
  struct wk_why why;
  framed = size > 0 && data[0] % 2 == 1;
  line = framed ? data + 1 : data;
  left = framed ? size - 1 : size;
  wire_len = wire_at = 0;
  if (wk_dongle_open(&dongle, "port", &why) == WK_OK)
    ask(dongle, &why);
  wk_dongle_close(dongle);
  return 0;
}

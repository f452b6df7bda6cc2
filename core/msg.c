/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/msg.h>

#include <string.h>

#include <whitekey/hmac.h>

#define VERSION 0x01u
#define BODY_MAX (WK_MSG_MAX - WK_HEADER_LEN - WK_CCM_TAG_LEN)
#define LABEL "whitekey/1/aad"
#define AAD_MAX                                                               \
  (sizeof LABEL - 1 + WK_REALM_LEN + 1 + WK_DID_MAX + WK_HEADER_LEN +         \
   WK_CHALLENGE_LEN)
#define VOUCHED_LEN 41u /* X3's body before the vouch */

#define BODY_X1 (4u + WK_VALUE_LEN)
#define BODY_X2 (BODY_X1 + WK_DIGEST_LEN)
#define BODY_X3 (VOUCHED_LEN + WK_HASH_LEN)
#define BODY_X4 (1u + 1u + 4u + 4u + 4u + WK_DIGEST_LEN)
#define WRAP (WK_HEADER_LEN + WK_CCM_TAG_LEN)
_Static_assert(WK_HEADER_LEN == 1 + 1 + 4 + 4 + WK_NONCE_LEN, "header");
_Static_assert(WK_CCM_NONCE_LEN == 1 + 4 + WK_NONCE_LEN, "nonce13");
_Static_assert(VOUCHED_LEN == 1 + 4 + 4 + WK_VALUE_LEN, "vouched");
_Static_assert(BODY_X1 + WRAP == WK_X1_LEN, "X1");
_Static_assert(BODY_X2 + WRAP == WK_X2_LEN, "X2");
_Static_assert(BODY_X3 + WRAP == WK_X3_LEN, "X3");
_Static_assert(BODY_X4 + WRAP == WK_X4_LEN, "X4");

static size_t msg_len(enum wk_type type) {
  switch (type) {
  case WK_X1:
    return WK_X1_LEN;
  case WK_X2:
    return WK_X2_LEN;
  case WK_X3:
    return WK_X3_LEN;
  case WK_X4:
    return WK_X4_LEN;
  }
  return 0;
}

enum wk_err wk_header_parse(struct wk_header *header, enum wk_type want,
                            const uint8_t *msg, size_t len) {
  memset(header, 0, sizeof *header);
  if (len != msg_len(want) || msg[0] != VERSION || msg[1] != (uint8_t)want)
    return WK_ERR_MALFORMED;
  const uint32_t index = wk_get_be32(msg + 6);
  if (index < 1)
    return WK_ERR_MALFORMED;
  header->type = want;
  header->epoch = wk_get_be32(msg + 2);
  header->index = index;
  memcpy(header->nonce, msg + 10, WK_NONCE_LEN);
  return WK_OK;
}

static void header_write(uint8_t out[WK_HEADER_LEN],
                         const struct wk_header *header) {
  out[0] = VERSION;
  out[1] = (uint8_t)header->type;
  wk_put_be32(out + 2, header->epoch);
  wk_put_be32(out + 6, header->index);
  memcpy(out + 10, header->nonce, WK_NONCE_LEN);
}

/* AAD = label || realm || lv(d_id) || header [|| challenge] */
static size_t aad_write(uint8_t aad[AAD_MAX],
                        const uint8_t header[WK_HEADER_LEN],
                        const struct wk_seal *seal) {
  struct wk_writer w;
  wk_writer_init(&w, aad, AAD_MAX);
  wk_write_text(&w, LABEL);
  wk_write_bytes(&w, seal->id->realm, WK_REALM_LEN);
  wk_write_u8(&w, seal->id->did_len);
  wk_write_bytes(&w, seal->id->did, seal->id->did_len);
  wk_write_bytes(&w, header, WK_HEADER_LEN);
  if (seal->challenge)
    wk_write_bytes(&w, seal->challenge, WK_CHALLENGE_LEN);
  return w.used;
}

/* nonce13 = type || be32(index) || nonce: bytes of the header but epoch. */
static void nonce_write(uint8_t nonce[WK_CCM_NONCE_LEN],
                        const uint8_t header[WK_HEADER_LEN]) {
  nonce[0] = header[1];
  memcpy(nonce + 1, header + 6, 4 + WK_NONCE_LEN);
}

static enum wk_err seal_body(uint8_t *out, const struct wk_header *header,
                             const uint8_t *body, const struct wk_seal *seal) {
  uint8_t head[WK_HEADER_LEN];
  uint8_t aad[AAD_MAX];
  uint8_t nonce[WK_CCM_NONCE_LEN];
  header_write(head, header);
  const size_t aad_len = aad_write(aad, head, seal);
  nonce_write(nonce, head);
  memcpy(out, head, sizeof head);
  return wk_ccm_seal(out + WK_HEADER_LEN, seal->kx, nonce, aad, aad_len, body,
                     msg_len(header->type) - WRAP);
}

static enum wk_err open_body(uint8_t *body, enum wk_type type,
                             const uint8_t *msg, const struct wk_seal *seal) {
  uint8_t aad[AAD_MAX];
  uint8_t nonce[WK_CCM_NONCE_LEN];
  const size_t aad_len = aad_write(aad, msg, seal);
  nonce_write(nonce, msg);
  return wk_ccm_open(body, seal->kx, nonce, aad, aad_len, msg + WK_HEADER_LEN,
                     msg_len(type) - WRAP);
}

static bool role_known(uint8_t role) {
  return role == WK_ROLE_C || role == WK_ROLE_D;
}

enum wk_err wk_login_seal(uint8_t *out, const struct wk_header *header,
                          const struct wk_login *body,
                          const struct wk_seal *seal) {
  if ((header->type != WK_X1 && header->type != WK_X2) || header->index < 1)
    return WK_ERR_ARGUMENT;
  uint8_t plain[BODY_X2];
  wk_put_be32(plain, body->time);
  memcpy(plain + 4, body->x, WK_VALUE_LEN);
  memcpy(plain + BODY_X1, body->digest, WK_DIGEST_LEN);
  const enum wk_err err = seal_body(out, header, plain, seal);
  wk_wipe(plain, sizeof plain);
  return err;
}

enum wk_err wk_login_open(struct wk_login *body,
                          const struct wk_header *header, const uint8_t *msg,
                          const struct wk_seal *seal) {
  uint8_t plain[BODY_X2] = {0};
  memset(body, 0, sizeof *body);
  const enum wk_err err = open_body(plain, header->type, msg, seal);
  if (err != WK_OK)
    return err;
  body->time = wk_get_be32(plain);
  memcpy(body->x, plain + 4, WK_VALUE_LEN);
  if (header->type == WK_X2)
    memcpy(body->digest, plain + BODY_X1, WK_DIGEST_LEN);
  wk_wipe(plain, sizeof plain);
  return WK_OK;
}

static void vouched_write(uint8_t out[VOUCHED_LEN],
                          const struct wk_update *update) {
  out[0] = (uint8_t)update->role;
  wk_put_be32(out + 1, update->epoch);
  wk_put_be32(out + 5, update->n);
  memcpy(out + 9, update->anchor, WK_VALUE_LEN);
}

static void update_write(uint8_t plain[BODY_X3],
                         const struct wk_update *body) {
  vouched_write(plain, body);
  memcpy(plain + VOUCHED_LEN, body->vouch, WK_HASH_LEN);
}

enum wk_err wk_update_seal(uint8_t out[WK_X3_LEN],
                           const struct wk_header *header,
                           const struct wk_update *body,
                           const struct wk_seal *seal) {
  if (header->type != WK_X3 || header->index < 1)
    return WK_ERR_ARGUMENT;
  uint8_t plain[BODY_X3];
  update_write(plain, body);
  const enum wk_err err = seal_body(out, header, plain, seal);
  wk_wipe(plain, sizeof plain);
  return err;
}

enum wk_err wk_update_open(struct wk_update *body,
                           const struct wk_header *header,
                           const uint8_t msg[WK_X3_LEN],
                           const struct wk_seal *seal) {
  uint8_t plain[BODY_X3];
  memset(body, 0, sizeof *body);
  const enum wk_err err = open_body(plain, header->type, msg, seal);
  if (err != WK_OK)
    return err;
  if (!role_known(plain[0])) {
    wk_wipe(plain, sizeof plain);
    return WK_ERR_MALFORMED;
  }
  body->role = (enum wk_role)plain[0];
  body->epoch = wk_get_be32(plain + 1);
  body->n = wk_get_be32(plain + 5);
  memcpy(body->anchor, plain + 9, WK_VALUE_LEN);
  memcpy(body->vouch, plain + VOUCHED_LEN, WK_HASH_LEN);
  wk_wipe(plain, sizeof plain);
  return WK_OK;
}

static void reply_write(uint8_t plain[BODY_X4], const struct wk_reply *body) {
  plain[0] = (uint8_t)body->status;
  plain[1] = (uint8_t)body->role;
  wk_put_be32(plain + 2, body->epoch);
  wk_put_be32(plain + 6, body->index);
  wk_put_be32(plain + 10, body->time);
  memcpy(plain + 14, body->digest, WK_DIGEST_LEN);
}

enum wk_err wk_reply_seal(uint8_t out[WK_X4_LEN],
                          const struct wk_header *header,
                          const struct wk_reply *body,
                          const struct wk_seal *seal) {
  if (header->type != WK_X4 || header->index < 1)
    return WK_ERR_ARGUMENT;
  uint8_t plain[BODY_X4];
  reply_write(plain, body);
  return seal_body(out, header, plain, seal);
}

enum wk_err wk_reply_open(struct wk_reply *body,
                          const struct wk_header *header,
                          const uint8_t msg[WK_X4_LEN],
                          const struct wk_seal *seal) {
  uint8_t plain[BODY_X4];
  memset(body, 0, sizeof *body);
  const enum wk_err err = open_body(plain, header->type, msg, seal);
  if (err != WK_OK)
    return err;
  if (plain[0] < WK_STATUS_ACCEPTED || plain[0] > WK_STATUS_REFUSED ||
      !role_known(plain[1]))
    return WK_ERR_MALFORMED;
  body->status = (enum wk_status)plain[0];
  body->role = (enum wk_role)plain[1];
  body->epoch = wk_get_be32(plain + 2);
  body->index = wk_get_be32(plain + 6);
  body->time = wk_get_be32(plain + 10);
  memcpy(body->digest, plain + 14, WK_DIGEST_LEN);
  return WK_OK;
}

void wk_msg_digest(uint8_t digest[WK_DIGEST_LEN], const uint8_t *msg,
                   size_t len) {
  const struct wk_span whole = {msg, len};
  uint8_t hash[WK_HASH_LEN];
  wk_port_sha256(hash, &whole, 1);
  memcpy(digest, hash, WK_DIGEST_LEN);
}

void wk_update_vouch(uint8_t vouch[WK_HASH_LEN],
                     const uint8_t next[WK_VALUE_LEN], const struct wk_id *id,
                     const struct wk_update *update) {
  static const char label[] = "whitekey/1/vouch";
  uint8_t vouched[VOUCHED_LEN];
  vouched_write(vouched, update);
  const struct wk_span parts[] = {
      {(const uint8_t *)label, sizeof label - 1},
      {id->realm, WK_REALM_LEN},
      {&id->did_len, 1},
      {(const uint8_t *)id->did, id->did_len},
      {vouched, sizeof vouched},
  };
  wk_hmac(vouch, next, parts, sizeof parts / sizeof *parts);
}

static void derive_nonce(uint8_t nonce[WK_NONCE_LEN], const uint8_t *random,
                         size_t len, const uint8_t *body, size_t body_len) {
  const struct wk_span parts[] = {{random, len}, {body, body_len}};
  uint8_t hash[WK_HASH_LEN];
  wk_port_sha256(hash, parts, 2);
  memcpy(nonce, hash, WK_NONCE_LEN);
}

void wk_update_nonce(uint8_t nonce[WK_NONCE_LEN], const uint8_t *random,
                     size_t len, const struct wk_update *body) {
  uint8_t plain[BODY_X3];
  update_write(plain, body);
  derive_nonce(nonce, random, len, plain, sizeof plain);
  wk_wipe(plain, sizeof plain);
}

void wk_reply_nonce(uint8_t nonce[WK_NONCE_LEN], const uint8_t *random,
                    size_t len, const struct wk_reply *body) {
  uint8_t plain[BODY_X4];
  reply_write(plain, body);
  derive_nonce(nonce, random, len, plain, sizeof plain);
}

void wk_password_write(char *text, const uint8_t x1[WK_X1_LEN],
                       const uint8_t *x2) {
  wk_b64_write(text, x1, WK_X1_LEN);
  if (!x2)
    return;
  text[WK_B64_LEN(WK_X1_LEN)] = '.';
  wk_b64_write(text + WK_B64_LEN(WK_X1_LEN) + 1, x2, WK_X2_LEN);
}

void wk_password_parse(uint8_t x1[WK_X1_LEN], size_t *x1_len,
                       uint8_t x2[WK_X2_LEN], size_t *x2_len, bool *has_x2,
                       const char *text, size_t len) {
  const char *dot = memchr(text, '.', len);
  const size_t first = dot ? (size_t)(dot - text) : len;
  *has_x2 = dot != NULL;
  *x2_len = 0;
  *x1_len = wk_b64_parse(x1, WK_X1_LEN, text, first) == WK_OK ? WK_X1_LEN : 0;
  if (dot && wk_b64_parse(x2, WK_X2_LEN, dot + 1, len - first - 1) == WK_OK)
    *x2_len = WK_X2_LEN;
}

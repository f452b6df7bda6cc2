/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg.h - the messages X1..X4 (protocol section 3): bytes, sealing, text.
 *
 *   header = 0x01 | type | be32(epoch) | be32(index) | nonce[8]
 *   message = header | AES-128-CCM(Kx(epoch), body) with a 16-byte tag
 *
 * Writing and sealing, opening and parsing are one call each: nothing is
 * looked at before its tag was checked, except the header, which
 * wk_header_parse() reads so that the caller can find the key.
 */
#ifndef WHITEKEY_MSG_H
#define WHITEKEY_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/bytes.h>
#include <whitekey/ccm.h>
#include <whitekey/chain.h>

#define WK_HEADER_LEN 18u
#define WK_NONCE_LEN 8u
#define WK_CHALLENGE_LEN 16u
#define WK_DIGEST_LEN 16u /* H(message)[0..16) inside X2 and X4 */
#define WK_X1_LEN 70u
#define WK_X2_LEN 86u
#define WK_X3_LEN 107u
#define WK_X4_LEN 64u
#define WK_MSG_MAX WK_X3_LEN

enum wk_type { WK_X1 = 1, WK_X2 = 2, WK_X3 = 3, WK_X4 = 4 };

struct wk_header {
  enum wk_type type;
  uint32_t epoch;
  uint32_t index;
  uint8_t nonce[WK_NONCE_LEN];
};

/* X1 and X2; digest is X2's H(X1 message)[0..16) and unused in X1. */
struct wk_login {
  uint32_t time; /* Unix seconds, 0: the sender has no clock */
  uint8_t x[WK_VALUE_LEN];
  uint8_t digest[WK_DIGEST_LEN];
};

struct wk_update { /* X3 */
  enum wk_role role;
  uint32_t epoch; /* the new one */
  uint32_t n;     /* of the new chain */
  uint8_t anchor[WK_VALUE_LEN];
  uint8_t vouch[WK_HASH_LEN];
};

enum wk_status {
  WK_STATUS_ACCEPTED = 1, /* login accepted, no update pending */
  WK_STATUS_PENDING = 2,  /* login or X3 taken, an update is pending */
  WK_STATUS_SWITCHED = 3, /* this login switched to the new chain */
  WK_STATUS_REFUSED = 4   /* X3 refused */
};

struct wk_reply { /* X4 */
  enum wk_status status;
  enum wk_role role;
  uint32_t epoch; /* the server's state of the chain afterwards */
  uint32_t index;
  uint32_t time; /* the server's clock */
  uint8_t digest[WK_DIGEST_LEN];
};

/* Key and additional data shared by both directions. */
struct wk_seal {
  const struct wk_id *id;
  const uint8_t *kx;        /* WK_KX_LEN bytes, of the header's epoch */
  const uint8_t *challenge; /* WK_CHALLENGE_LEN bytes, or NULL: section 5 */
};

/*
 * Reads and checks a message's header: exact length for the wanted type,
 * version, type, index >= 1 (decision row 1).
 * WK_ERR_MALFORMED otherwise; header is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_header_parse(struct wk_header *header,
                                          enum wk_type want,
                                          const uint8_t *msg, size_t len);

/*
 * Seal. header->type picks the message and must be X1 or X2 for a login; out
 * has that type's length. WK_ERR_ARGUMENT: type or index out of range; out is
 * untouched.
 */
WK_MUST_CHECK enum wk_err wk_login_seal(uint8_t *out,
                                        const struct wk_header *header,
                                        const struct wk_login *body,
                                        const struct wk_seal *seal);
WK_MUST_CHECK enum wk_err wk_update_seal(uint8_t out[WK_X3_LEN],
                                         const struct wk_header *header,
                                         const struct wk_update *body,
                                         const struct wk_seal *seal);
WK_MUST_CHECK enum wk_err wk_reply_seal(uint8_t out[WK_X4_LEN],
                                        const struct wk_header *header,
                                        const struct wk_reply *body,
                                        const struct wk_seal *seal);

/*
 * Open, then parse. msg has the length of its type, as wk_header_parse()
 * found it. WK_ERR_FORGED: the tag does not match. WK_ERR_MALFORMED: it opens,
 * but holds a role or status that the protocol does not know. body is zeroed
 * on failure.
 */
WK_MUST_CHECK enum wk_err wk_login_open(struct wk_login *body,
                                        const struct wk_header *header,
                                        const uint8_t *msg,
                                        const struct wk_seal *seal);
WK_MUST_CHECK enum wk_err wk_update_open(struct wk_update *body,
                                         const struct wk_header *header,
                                         const uint8_t msg[WK_X3_LEN],
                                         const struct wk_seal *seal);
WK_MUST_CHECK enum wk_err wk_reply_open(struct wk_reply *body,
                                        const struct wk_header *header,
                                        const uint8_t msg[WK_X4_LEN],
                                        const struct wk_seal *seal);

/* H(message)[0..16), as X2 and X4 name the message they belong to. */
void wk_msg_digest(uint8_t digest[WK_DIGEST_LEN], const uint8_t *msg,
                   size_t len);

/*
 * The vouch of an update (section 3), keyed with x[i + 1]. Reads every field
 * of update but vouch.
 */
void wk_update_vouch(uint8_t vouch[WK_HASH_LEN],
                     const uint8_t next[WK_VALUE_LEN], const struct wk_id *id,
                     const struct wk_update *update);

/*
 * The nonce of an X3 or X4: H(random || body)[0..8), since several may share
 * an index (section 3).
 */
void wk_update_nonce(uint8_t nonce[WK_NONCE_LEN], const uint8_t *random,
                     size_t len, const struct wk_update *body);
void wk_reply_nonce(uint8_t nonce[WK_NONCE_LEN], const uint8_t *random,
                    size_t len, const struct wk_reply *body);

/*
 * The MQTT password: M(X1), or M(X1) "." M(X2) (section 4).
 */
#define WK_PASSWORD_MAX (WK_B64_LEN(WK_X1_LEN) + 1u + WK_B64_LEN(WK_X2_LEN))

/* text holds WK_PASSWORD_MAX + 1 characters; x2 may be NULL. */
void wk_password_write(char *text, const uint8_t x1[WK_X1_LEN],
                       const uint8_t *x2);

/*
 * Splits at the first "." and decodes each part by itself: *x1_len and
 * *x2_len are the message's length, or 0 for a part that is no message.
 * *has_x2 tells whether there was a ".". Never fails: the decision names the
 * reason (rows 1 and 12).
 */
void wk_password_parse(uint8_t x1[WK_X1_LEN], size_t *x1_len,
                       uint8_t x2[WK_X2_LEN], size_t *x2_len, bool *has_x2,
                       const char *text, size_t len);

#endif

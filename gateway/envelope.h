/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.h - a private reading at rest: AES-256-GCM row by row.
 *
 *   sealed = nonce[12] || ciphertext || tag[16]
 *   key    = HMAC(k, "whitekey/1/gateway/row" || be64(seq))
 *   nonce  = random
 *   AAD    = H("whitekey/1/gateway/aad" || be64(seq) || be64(at) ||
 *              be32(class) || be32-length-prefixed device, topic and kid)
 *
 * Why nonces never repeat under a key: every sequence number has its own key,
 * so only rows of one number could meet. A number is used again only after a
 * crash between sealing and commit, or when an older copy of the store is put
 * back; each such row draws 96 fresh random bits, and 2^32 of them under one
 * number would still meet with probability 2^-33. A counter in the nonce would
 * repeat for certain in exactly those two cases, with another reading under
 * it; a random nonce under the bare key would be bounded by 2^32 rows in all.
 */
#ifndef WHITEKEY_GATEWAY_ENVELOPE_H
#define WHITEKEY_GATEWAY_ENVELOPE_H

#include "classify.h"
#include "gcm.h"
#include "key.h"

/* What a sealed reading is bound to: move or change any of it, and the row
 * does not open. The texts are the caller's. */
struct wk_record {
  uint64_t seq;
  int64_t at;         /* Unix seconds of arrival */
  const char *device; /* "" where the topic names none */
  const char *topic;
  enum wk_class class;
};

#define WK_ENVELOPE_EXTRA (WK_GCM_NONCE_LEN + WK_GCM_TAG_LEN)

/* sealed holds len + WK_ENVELOPE_EXTRA bytes. WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_envelope_seal(uint8_t *sealed,
                                           const struct wk_data_key *key,
                                           const struct wk_record *record,
                                           const uint8_t *body, size_t len);

/*
 * body holds sealed_len - WK_ENVELOPE_EXTRA bytes and must not overlap sealed.
 * WK_ERR_FORGED: changed, moved, or of another key; body is zeroed.
 * WK_ERR_MALFORMED: too short to be an envelope. WK_ERR_MEMORY.
 */
WK_MUST_CHECK enum wk_err wk_envelope_open(uint8_t *body,
                                           const struct wk_data_key *key,
                                           const struct wk_record *record,
                                           const uint8_t *sealed,
                                           size_t sealed_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/hmac.h>
#include <whitekey/random.h>

static void put_be64(uint8_t out[8], uint64_t value) {
  wk_put_be32(out, (uint32_t)(value >> 32));
  wk_put_be32(out + 4, (uint32_t)value);
}

static struct wk_span span_of(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

static void row_key(uint8_t row[WK_GCM_KEY_LEN], const struct wk_data_key *key,
                    uint64_t seq) {
  uint8_t number[8];
  put_be64(number, seq);
  const struct wk_span parts[] = {span_of("whitekey/1/gateway/row"),
                                  {number, sizeof number}};
  wk_hmac(row, key->k, parts, 2);
}

/* Hashed, so that neither a long topic nor a new field needs a buffer. */
static void bind(uint8_t aad[WK_HASH_LEN], const struct wk_data_key *key,
                 const struct wk_record *record) {
  const struct wk_span texts[] = {span_of(record->device),
                                  span_of(record->topic), span_of(key->kid)};
  uint8_t fixed[20];
  uint8_t lengths[3][4];
  struct wk_span parts[8] = {span_of("whitekey/1/gateway/aad"),
                             {fixed, sizeof fixed}};
  put_be64(fixed, record->seq);
  put_be64(fixed + 8, (uint64_t)record->at);
  wk_put_be32(fixed + 16, (uint32_t)record->class);
  for (size_t i = 0; i < 3; i++) {
    wk_put_be32(lengths[i], (uint32_t)texts[i].len);
    parts[2 + 2 * i] = (struct wk_span){lengths[i], sizeof lengths[i]};
    parts[3 + 2 * i] = texts[i];
  }
  wk_port_sha256(aad, parts, 8);
}

enum wk_err wk_envelope_seal(uint8_t *sealed, const struct wk_data_key *key,
                             const struct wk_record *record,
                             const uint8_t *body, size_t len) {
  uint8_t row[WK_GCM_KEY_LEN];
  uint8_t aad[WK_HASH_LEN];
  uint8_t *text = sealed + WK_GCM_NONCE_LEN;
  row_key(row, key, record->seq);
  bind(aad, key, record);
  wk_random(sealed, WK_GCM_NONCE_LEN);
  const enum wk_err err =
      wk_gcm_seal(text, text + len, row, sealed, aad, sizeof aad, body, len);
  wk_wipe(row, sizeof row);
  return err;
}

enum wk_err wk_envelope_open(uint8_t *body, const struct wk_data_key *key,
                             const struct wk_record *record,
                             const uint8_t *sealed, size_t sealed_len) {
  uint8_t row[WK_GCM_KEY_LEN];
  uint8_t aad[WK_HASH_LEN];
  if (sealed_len < WK_ENVELOPE_EXTRA)
    return WK_ERR_MALFORMED;
  const size_t len = sealed_len - WK_ENVELOPE_EXTRA;
  const uint8_t *text = sealed + WK_GCM_NONCE_LEN;
  row_key(row, key, record->seq);
  bind(aad, key, record);
  const enum wk_err err =
      wk_gcm_open(body, row, sealed, aad, sizeof aad, text, len, text + len);
  wk_wipe(row, sizeof row);
  return err;
}

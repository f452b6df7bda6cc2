/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "envelope.h"

#define BODY "{\"heart\":71}"
#define BODY_LEN (sizeof BODY - 1)
#define SEALED_LEN (BODY_LEN + WK_ENVELOPE_EXTRA)

static const struct wk_data_key key = {.kid = "kid-1", .k = {1, 2, 3}};
static const struct wk_record record = {.seq = 7,
                                        .at = 1790000000,
                                        .device = "thermo-1",
                                        .topic = "sensors/thermo-1/t",
                                        .class = WK_CLASS_SPLIT};

static void seal(uint8_t sealed[SEALED_LEN]) {
  cr_assert_eq(
      wk_envelope_seal(sealed, &key, &record, (const uint8_t *)BODY, BODY_LEN),
      WK_OK);
}

static enum wk_err open_as(const uint8_t *sealed, size_t len,
                           const struct wk_record *as,
                           const struct wk_data_key *with) {
  uint8_t body[SEALED_LEN];
  memset(body, 0xaa, sizeof body);
  const enum wk_err err = wk_envelope_open(body, with, as, sealed, len);
  for (size_t i = 0; err == WK_ERR_FORGED && i + WK_ENVELOPE_EXTRA < len; i++)
    cr_assert_eq(body[i], 0, "byte %zu shows", i);
  return err;
}

Test(envelope, open__gives_back_what_was_sealed) {
  uint8_t sealed[SEALED_LEN];
  uint8_t body[BODY_LEN];
  seal(sealed);
  cr_assert_eq(wk_envelope_open(body, &key, &record, sealed, sizeof sealed),
               WK_OK);
  cr_assert_eq(strncmp((const char *)body, BODY, BODY_LEN), 0);
}

Test(envelope, open__empty_body) {
  uint8_t sealed[WK_ENVELOPE_EXTRA];
  uint8_t none[1] = {0};
  cr_assert_eq(wk_envelope_seal(sealed, &key, &record, none, 0), WK_OK);
  cr_assert_eq(open_as(sealed, sizeof sealed, &record, &key), WK_OK);
}

Test(envelope, open__every_flipped_bit_is_forged) {
  uint8_t sealed[SEALED_LEN];
  seal(sealed);
  for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
    sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    cr_expect_eq(open_as(sealed, sizeof sealed, &record, &key), WK_ERR_FORGED,
                 "bit %zu", bit);
    sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

Test(envelope, open__every_truncation_refused) {
  uint8_t sealed[SEALED_LEN];
  seal(sealed);
  for (size_t len = 0; len < sizeof sealed; len++)
    cr_expect_eq(open_as(sealed, len, &record, &key),
                 len < WK_ENVELOPE_EXTRA ? WK_ERR_MALFORMED : WK_ERR_FORGED);
}

Test(envelope, open__bound_to_every_field_of_the_record) {
  uint8_t sealed[SEALED_LEN];
  seal(sealed);
  struct wk_record moved[6];
  for (size_t i = 0; i < 6; i++)
    moved[i] = record;
  moved[0].seq++;
  moved[1].at++;
  moved[2].device = "thermo-2";
  moved[3].topic = "sensors/thermo-1/u";
  moved[4].class = WK_CLASS_WHOLE;
  moved[5].device = "thermo-1sensors"; /* the same bytes, cut elsewhere */
  moved[5].topic = "/thermo-1/t";
  for (size_t i = 0; i < 6; i++)
    cr_expect_eq(open_as(sealed, sizeof sealed, &moved[i], &key),
                 WK_ERR_FORGED, "field %zu", i);
  struct wk_data_key other = key;
  other.kid[0] = 'K';
  cr_expect_eq(open_as(sealed, sizeof sealed, &record, &other), WK_ERR_FORGED);
  other = key;
  other.k[31] ^= 1;
  cr_expect_eq(open_as(sealed, sizeof sealed, &record, &other), WK_ERR_FORGED);
}

Test(envelope, seal__same_record_twice_shares_no_nonce) {
  uint8_t a[SEALED_LEN];
  uint8_t b[SEALED_LEN];
  seal(a);
  seal(b);
  cr_assert_neq(strncmp((char *)a, (char *)b, WK_GCM_NONCE_LEN), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <mbedtls/ccm.h>

#include <whitekey/ccm.h>
#include <whitekey/hmac.h>

/* Our CCM against mbedTLS's for every small body and AAD length. */
Test(ccm, seal__equals_mbedtls) {
  uint8_t key[16], nonce[13], aad[64], body[80];
  memset(key, 1, sizeof key);
  memset(nonce, 2, sizeof nonce);
  memset(aad, 3, sizeof aad);
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (uint8_t)i;
  mbedtls_ccm_context ccm;
  mbedtls_ccm_init(&ccm);
  cr_assert_eq(mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
  for (size_t len = 0; len <= sizeof body; len++) {
    for (size_t aad_len = 0; aad_len <= sizeof aad; aad_len += 7) {
      uint8_t ours[96], theirs[96], back[80];
      cr_assert_eq(wk_ccm_seal(ours, key, nonce, aad, aad_len, body, len),
                   WK_OK);
      cr_assert_eq(mbedtls_ccm_encrypt_and_tag(&ccm, len, nonce, 13, aad,
                                               aad_len, body, theirs,
                                               theirs + len, 16),
                   0);
      cr_assert_arr_eq(ours, theirs, len + 16);
      cr_assert_eq(wk_ccm_open(back, key, nonce, aad, aad_len, ours, len),
                   WK_OK);
      cr_assert_arr_eq(back, body, len);
    }
  }
  mbedtls_ccm_free(&ccm);
}

Test(ccm, open__every_flipped_bit_is_refused_and_zeroes) {
  const uint8_t key[16] = {1}, nonce[13] = {2};
  uint8_t aad[] = {'a', 'b'}, body[17] = {3}, sealed[33];
  const uint8_t zero[17] = {0};
  cr_assert_eq(wk_ccm_seal(sealed, key, nonce, aad, 2, body, 17), WK_OK);
  for (size_t bit = 0; bit < 8 * (sizeof sealed + sizeof aad); bit++) {
    uint8_t *at = bit < 8 * sizeof sealed ? &sealed[bit / 8]
                                          : &aad[bit / 8 - sizeof sealed];
    uint8_t out[17] = {9};
    *at = (uint8_t)(*at ^ 1u << bit % 8);
    cr_assert_eq(wk_ccm_open(out, key, nonce, aad, 2, sealed, 17),
                 WK_ERR_FORGED);
    cr_assert_arr_eq(out, zero, sizeof out);
    *at = (uint8_t)(*at ^ 1u << bit % 8);
  }
}

Test(ccm, open_cut__opens_with_the_first_bytes_of_a_tag) {
  const uint8_t key[16] = {1}, nonce[13] = {2}, body[17] = {3};
  for (size_t cut = 4; cut <= 16; cut++) {
    uint8_t sealed[33];
    cr_assert_eq(wk_ccm_seal(sealed, key, nonce, NULL, 0, body, 17), WK_OK);
    const struct wk_span tag = {sealed + 17, cut};
    cr_assert_eq(wk_ccm_open_cut(sealed, 17, key, nonce, &tag), WK_OK);
    cr_assert_arr_eq(sealed, body, sizeof body);
  }
}

Test(ccm, open_cut__every_flipped_bit_and_shorter_tag_is_refused) {
  const uint8_t key[16] = {1}, nonce[13] = {2}, body[17] = {3}, zero[17] = {0};
  uint8_t sealed[33];
  cr_assert_eq(wk_ccm_seal(sealed, key, nonce, NULL, 0, body, 17), WK_OK);
  for (size_t bit = 0; bit < 8 * 21; bit++) {
    uint8_t bent[33];
    const struct wk_span tag = {bent + 17, 4};
    memcpy(bent, sealed, sizeof bent);
    bent[bit / 8] = (uint8_t)(bent[bit / 8] ^ 1u << bit % 8);
    cr_assert_eq(wk_ccm_open_cut(bent, 17, key, nonce, &tag), WK_ERR_FORGED);
    cr_assert_arr_eq(bent, zero, sizeof zero);
  }
  for (size_t cut = 0; cut <= 17; cut += cut == 3 ? 14 : 1) {
    uint8_t whole[33];
    const struct wk_span tag = {whole + 17, cut};
    memcpy(whole, sealed, sizeof whole);
    cr_assert_eq(wk_ccm_open_cut(whole, 17, key, nonce, &tag),
                 WK_ERR_ARGUMENT);
    cr_assert_arr_eq(whole, zero, sizeof zero);
  }
}

/* RFC 4231 test case 1 has a 20-byte key: RFC 2104 pads it with zeros. */
Test(hmac, hmac__rfc4231_case_1) {
  uint8_t key[32] = {0};
  memset(key, 0x0b, 20);
  const struct wk_span text[] = {{(const uint8_t *)"Hi ", 3},
                                 {(const uint8_t *)"There", 5}};
  const uint8_t want[] = {0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53,
                          0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
                          0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7,
                          0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7};
  uint8_t out[32];
  wk_hmac(out, key, text, 2);
  cr_assert_arr_eq(out, want, sizeof want);
}

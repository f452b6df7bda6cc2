/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <whitekey/bytes.h>

Test(b64, write__rfc4648_vectors_without_padding) {
  const char *const pairs[][2] = {
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    char text[16];
    uint8_t back[8];
    const size_t len = strlen(pairs[i][0]);
    wk_b64_write(text, (const uint8_t *)pairs[i][0], len);
    cr_assert_str_eq(text, pairs[i][1]);
    cr_assert_eq(wk_b64_parse(back, len, text, strlen(text)), WK_OK);
    cr_assert_arr_eq(back, pairs[i][0], len);
  }
}

Test(b64, parse__every_character_is_a_digit_or_refused) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int c = 0; c < 256; c++) {
    const char text[4] = {(char)c, 'A', 'A', 'A'};
    uint8_t out[3] = {1, 2, 3};
    const char *digit = c ? strchr(alphabet, c) : NULL;
    const enum wk_err err = wk_b64_parse(out, 3, text, 4);
    cr_assert_eq(err, digit ? WK_OK : WK_ERR_MALFORMED, "character %d", c);
    cr_assert_eq(out[0], digit ? (digit - alphabet) << 2 & 0xff : 0);
  }
}

Test(b64, parse__one_wrong_character_in_any_length_and_place_is_refused) {
  uint8_t data[70];
  uint8_t back[70];
  char text[WK_B64_LEN(70) + 1];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(37 * i + 11);
  for (size_t len = 1; len <= sizeof data; len++) {
    wk_b64_write(text, data, len);
    cr_assert_eq(wk_b64_parse(back, len, text, strlen(text)), WK_OK);
    cr_assert_arr_eq(back, data, len);
    for (char *c = text; *c != '\0'; c++) {
      const char right = *c;
      *c = '+';
      cr_assert_eq(wk_b64_parse(back, len, text, strlen(text)),
                   WK_ERR_MALFORMED);
      *c = right;
    }
  }
}

Test(b64, parse__unused_bits_and_lengths_are_refused) {
  uint8_t out[2];
  cr_assert_eq(wk_b64_parse(out, 1, "Zg", 2), WK_OK);
  cr_assert_eq(wk_b64_parse(out, 1, "Zh", 2), WK_ERR_MALFORMED);
  cr_assert_eq(wk_b64_parse(out, 2, "Zm8", 3), WK_OK);
  cr_assert_eq(wk_b64_parse(out, 2, "Zm9", 3), WK_ERR_MALFORMED);
  cr_assert_eq(wk_b64_parse(out, 1, "Zg==", 4), WK_ERR_MALFORMED);
  cr_assert_eq(wk_b64_parse(out, 1, "Z", 1), WK_ERR_MALFORMED);
  cr_assert_eq(wk_b64_parse(out, 1, "", 0), WK_ERR_MALFORMED);
}

Test(reader, bounds__first_overrun_ends_it) {
  const uint8_t data[] = {1, 2, 3, 4, 5};
  struct wk_reader r;
  uint8_t out[4] = {9, 9, 9, 9};
  wk_reader_init(&r, data, sizeof data);
  cr_assert_eq(wk_read_be16(&r), 0x0102);
  wk_read_bytes(&r, out, 4);
  cr_assert(!r.ok);
  cr_assert_eq(out[0], 0);
  cr_assert_eq(wk_read_u8(&r), 0, "nothing is read after an overrun");
}

Test(writer, bounds__first_overrun_ends_it) {
  uint8_t data[5];
  struct wk_writer w;
  wk_writer_init(&w, data, sizeof data);
  wk_write_be32(&w, 0x01020304);
  wk_write_be16(&w, 7);
  cr_assert(!w.ok);
  wk_write_u8(&w, 5);
  cr_assert_eq(w.used, 4u, "nothing is written after an overrun");
}

Test(bytes, equal__every_bit_matters) {
  uint8_t a[32];
  uint8_t b[32];
  memset(a, 0xa5, sizeof a);
  for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
    memcpy(b, a, sizeof b);
    cr_assert(wk_equal(a, b, sizeof a));
    b[bit / 8] = (uint8_t)(b[bit / 8] ^ 1u << bit % 8);
    cr_assert(!wk_equal(a, b, sizeof a));
  }
}

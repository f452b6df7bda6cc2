/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "frame.h"

/* The content of the first right frame in data; its length, 0: there is none.
 */
static size_t first(uint8_t out[FRAME_CONTENT_MAX], const uint8_t *data,
                    size_t len) {
  struct frame f = {.len = 0};
  const uint8_t *content = NULL;
  size_t size = 0;
  for (size_t i = 0; i < len; i++) {
    if (frame_take(&f, data[i], &content, &size)) {
      memcpy(out, content, size);
      return size;
    }
  }
  return 0;
}

Test(frame, write__is_what_the_page_says) {
  /* docs/dongle.md; the CRC by Python's binascii.crc_hqx. */
  static const uint8_t want[] = {0xc0, 1, 1, 0x3e, 0x1f, 0xc0};
  uint8_t wire[FRAME_WIRE_MAX];
  const uint8_t info = 1;
  cr_assert_eq(frame_write(wire, &info, 1), sizeof want);
  cr_assert_arr_eq(wire, want, sizeof want);
}

Test(frame, take__gives_back_what_was_written) {
  for (size_t len = 1; len <= FRAME_CONTENT_MAX; len++) {
    uint8_t content[FRAME_CONTENT_MAX];
    uint8_t got[FRAME_CONTENT_MAX];
    uint8_t wire[FRAME_WIRE_MAX];
    for (size_t i = 0; i < len; i++)
      content[i] = (uint8_t)(i % 3 == 0 ? 0xc0 : i % 3 == 1 ? 0xdb : i + len);
    const size_t size = frame_write(wire, content, len);
    cr_assert_leq(size, sizeof wire);
    cr_assert_eq(first(got, wire, size), len);
    cr_assert_arr_eq(got, content, len);
  }
}

Test(frame, take__damage_is_passed_over) {
  uint8_t wire[FRAME_WIRE_MAX];
  uint8_t got[FRAME_CONTENT_MAX];
  static const uint8_t content[] = {0x84, 0, 0xc0, 0xdb, 7};
  const size_t size = frame_write(wire, content, sizeof content);
  for (size_t bit = 8; bit < (size - 1) * 8; bit++) {
    wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
    cr_assert_eq(first(got, wire, size), 0, "bit %zu", bit);
    wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t len = 0; len < size; len++)
    cr_assert_eq(first(got, wire, len), 0, "%zu bytes", len);
}

Test(frame, take__finds_one_behind_noise_and_one_too_long) {
  uint8_t data[300 + FRAME_WIRE_MAX];
  uint8_t got[FRAME_CONTENT_MAX];
  const uint8_t info = 1;
  memset(data, 0x55, 300);
  const size_t size = frame_write(data + 300, &info, 1);
  cr_assert_eq(first(got, data, 300 + size), 1);
  cr_assert_eq(got[0], 1);
}

Test(frame, take__others_versions_and_empty_ones_are_passed_over) {
  /* CRCs by Python's binascii.crc_hqx. */
  static const uint8_t other[] = {0xc0, 2, 1, 0x6b, 0x4c, 0xc0};
  static const uint8_t empty[] = {0xc0, 1, 0xf1, 0xd1, 0xc0, 0xc0, 0xc0};
  uint8_t got[FRAME_CONTENT_MAX];
  cr_assert_eq(first(got, other, sizeof other), 0);
  cr_assert_eq(first(got, empty, sizeof empty), 0);
}

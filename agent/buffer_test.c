/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "buffer.h"

Test(buffer, add__comes_out_in_order) {
  struct buffer buffer = {0};
  uint32_t next = 0;
  for (uint32_t i = 0; i < 5000; i++) {
    cr_assert(buffer_add(&buffer, &i, sizeof i, 1 << 20));
    if (i % 3 == 0) {
      uint32_t got;
      memcpy(&got, buffer_at(&buffer), sizeof got);
      cr_assert_eq(got, next++);
      buffer_drop(&buffer, sizeof got);
    }
  }
  cr_assert_eq(buffer.len, (5000 - next) * sizeof next);
  buffer_end(&buffer);
  cr_assert_null(buffer.data);
}

Test(buffer, add__stops_at_its_limit) {
  struct buffer buffer = {0};
  cr_assert(buffer_add(&buffer, "1234", 4, 5));
  cr_assert(!buffer_add(&buffer, "56", 2, 5));
  cr_assert(buffer_add(&buffer, "5", 1, 5));
  cr_assert(buffer_add(&buffer, NULL, 0, 5));
  cr_assert_eq(buffer.len, 5u);
  cr_assert_eq(memcmp(buffer_at(&buffer), "12345", 5), 0);
  cr_assert_null(buffer_room(&buffer, SIZE_MAX, 5));
  buffer_end(&buffer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An MQTT password, opened as the registry does. */
#include "keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t x1[WK_X1_LEN];
  uint8_t x2[WK_X2_LEN];
  char text[WK_PASSWORD_MAX + 1];
  size_t x1_len = 0;
  size_t x2_len = 0;
  bool has_x2 = false;
  struct wk_id id;
  struct wk_header header;
  struct wk_login body;
  fuzz_id(&id);
  const struct wk_seal seal = {&id, fuzz_kx, NULL};
  wk_password_parse(x1, &x1_len, x2, &x2_len, &has_x2, (const char *)data,
                    size);
  /* What was taken is the one text of these bytes. */
  if (x1_len != 0 && (!has_x2 || x2_len != 0)) {
    wk_password_write(text, x1, has_x2 ? x2 : NULL);
    FUZZ_CHECK(strlen(text) == size && memcmp(text, data, size) == 0);
  }
  if (wk_header_parse(&header, WK_X1, x1, x1_len) == WK_OK &&
      wk_login_open(&body, &header, x1, &seal) == WK_OK)
    FUZZ_CHECK(header.index >= 1);
  if (wk_header_parse(&header, WK_X2, x2, x2_len) == WK_OK)
    FUZZ_CHECK(has_x2);
  return 0;
}

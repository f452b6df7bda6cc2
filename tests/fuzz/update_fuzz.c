/* SPDX-License-Identifier: Apache-2.0 */
/* An X3 from a client; and the payload of its topic, which is text. */
#include <whitekey/bytes.h>

#include "keys.h"

static void open_x3(const uint8_t *data, size_t size) {
  struct wk_id id;
  struct wk_header header;
  struct wk_update body;
  fuzz_id(&id);
  const struct wk_seal seal = {&id, fuzz_kx, NULL};
  if (wk_header_parse(&header, WK_X3, data, size) == WK_OK &&
      wk_update_open(&body, &header, data, &seal) == WK_OK) {
    uint8_t again[WK_X3_LEN];
    FUZZ_CHECK(wk_update_seal(again, &header, &body, &seal) == WK_OK);
    FUZZ_CHECK(memcmp(again, data, size) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t x3[WK_X3_LEN];
  char text[WK_B64_LEN(WK_X3_LEN) + 1];
  open_x3(data, size);
  if (wk_b64_parse(x3, sizeof x3, (const char *)data, size) != WK_OK)
    return 0;
  /* What was taken is the one text of these bytes. */
  wk_b64_write(text, x3, sizeof x3);
  FUZZ_CHECK(strlen(text) == size && memcmp(text, data, size) == 0);
  open_x3(x3, sizeof x3);
  return 0;
}

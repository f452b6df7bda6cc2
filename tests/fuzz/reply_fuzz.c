/* SPDX-License-Identifier: Apache-2.0 */
/* An X4 from a server. */
#include "keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_id id;
  struct wk_header header;
  struct wk_reply body;
  fuzz_id(&id);
  const struct wk_seal seal = {&id, fuzz_kx, NULL};
  if (wk_header_parse(&header, WK_X4, data, size) == WK_OK &&
      wk_reply_open(&body, &header, data, &seal) == WK_OK) {
    uint8_t again[WK_X4_LEN];
    FUZZ_CHECK(wk_reply_seal(again, &header, &body, &seal) == WK_OK);
    FUZZ_CHECK(memcmp(again, data, size) == 0);
  }
  return 0;
}

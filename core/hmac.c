/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/hmac.h>

#include <string.h>

#include "bug.h"

#include <whitekey/bytes.h>

#define BLOCK_LEN 64u

static void pad(uint8_t block[BLOCK_LEN], const uint8_t key[WK_HASH_LEN],
                uint8_t with) {
  memset(block, with, BLOCK_LEN);
  for (size_t i = 0; i < WK_HASH_LEN; i++)
    block[i] = (uint8_t)(block[i] ^ key[i]);
}

void wk_hmac(uint8_t out[WK_HASH_LEN], const uint8_t key[WK_HASH_LEN],
             const struct wk_span *parts, size_t count) {
  WK_BUG_IF(count > WK_HMAC_PARTS_MAX);
  uint8_t block[BLOCK_LEN];
  uint8_t inner[WK_HASH_LEN];
  struct wk_span all[WK_HMAC_PARTS_MAX + 1] = {{block, BLOCK_LEN}};
  for (size_t i = 0; i < count; i++)
    all[i + 1] = parts[i];

  pad(block, key, 0x36);
  wk_port_sha256(inner, all, count + 1);
  pad(block, key, 0x5c);
  all[1] = (struct wk_span){inner, sizeof inner};
  wk_port_sha256(out, all, 2);
  wk_wipe(block, sizeof block);
  wk_wipe(inner, sizeof inner);
}

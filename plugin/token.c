/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <string.h>

static void token_write(char token[WK_TOKEN_LEN + 1],
                        const uint8_t key[WK_HASH_LEN], const char *did,
                        const char *client_id) {
  uint8_t mac[WK_HASH_LEN];
  /* The terminator of did keeps the two texts apart. */
  const struct wk_span parts[] = {
      {(const uint8_t *)did, strlen(did) + 1},
      {(const uint8_t *)client_id, strlen(client_id)},
  };
  wk_hmac(mac, key, parts, sizeof parts / sizeof *parts);
  for (size_t i = 0; i < WK_TOKEN_LEN; i++)
    token[i] = (char)(mac[i] | 0x80);
  token[WK_TOKEN_LEN] = '\0';
  wk_wipe(mac, sizeof mac);
}

void wk_token_replace(char *password, const uint8_t key[WK_HASH_LEN],
                      const char *did, const char *client_id) {
  wk_wipe(password, strlen(password));
  token_write(password, key, did, client_id);
}

bool wk_token_valid(const char *password, const uint8_t key[WK_HASH_LEN],
                    const char *did, const char *client_id) {
  char token[WK_TOKEN_LEN + 1];
  if (strlen(password) != WK_TOKEN_LEN)
    return false;
  token_write(token, key, did, client_id);
  const bool valid = wk_equal(token, password, WK_TOKEN_LEN);
  wk_wipe(token, sizeof token);
  return valid;
}

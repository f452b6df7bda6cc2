/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <string.h>

#define BLOCK WK_AES_BLOCK_LEN

static void mac_text(uint8_t mac[BLOCK], const struct wk_port_aes *key,
                     const char *text, size_t len) {
  for (size_t at = 0; at < len; at += BLOCK) {
    const size_t part = len - at < BLOCK ? len - at : BLOCK;
    for (size_t i = 0; i < part; i++)
      mac[i] = (uint8_t)(mac[i] ^ (uint8_t)text[at + i]);
    wk_port_aes_encrypt(key, mac, mac);
  }
}

/*
 * CBC-MAC. Its first block tells both lengths: no input is the beginning of
 * another, which CBC-MAC asks for, and the two texts stay apart.
 */
static void token_write(char token[WK_TOKEN_LEN],
                        const struct wk_port_aes *key, const char *did,
                        const char *client_id) {
  const size_t did_len = strlen(did);
  const size_t id_len = strlen(client_id);
  uint8_t mac[BLOCK] = {0};
  wk_put_be32(mac, (uint32_t)did_len);
  wk_put_be32(mac + 4, (uint32_t)id_len);
  wk_port_aes_encrypt(key, mac, mac);
  mac_text(mac, key, did, did_len);
  mac_text(mac, key, client_id, id_len);
  for (size_t i = 0; i < BLOCK; i++) {
    token[2 * i] = (char)('a' + (mac[i] >> 4));
    token[2 * i + 1] = (char)('a' + (mac[i] & 15));
  }
  wk_wipe(mac, sizeof mac);
}

void wk_token_replace(char *password, const struct wk_port_aes *key,
                      const char *did, const char *client_id) {
  wk_wipe(password, strlen(password));
  token_write(password, key, did, client_id);
}

bool wk_token_valid(const char *password, const struct wk_port_aes *key,
                    const char *did, const char *client_id) {
  char token[WK_TOKEN_LEN];
  if (strlen(password) != WK_TOKEN_LEN)
    return false;
  token_write(token, key, did, client_id);
  const bool valid = wk_equal(token, password, WK_TOKEN_LEN);
  wk_wipe(token, sizeof token);
  return valid;
}

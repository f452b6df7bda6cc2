/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include <string.h>

#include "layout.h"
#include "nv.h"

#include <whitekey/bytes.h>
#include <whitekey/ccm.h>

_Static_assert(1 + WK_AES_KEY_LEN == WK_VAULT_SIZE, "vault");

static struct {
  bool open;
  uint8_t key[WK_AES_KEY_LEN];
} vault;

bool wk_vault_is_open(void) {
  return vault.open;
}

void wk_vault_close(void) {
  wk_wipe(&vault, sizeof vault);
}

void wk_vault_make(const uint8_t key[WK_AES_KEY_LEN]) {
  memcpy(vault.key, key, WK_AES_KEY_LEN);
  vault.open = true;
  wk_nv_invalidate(WK_AT_VAULT);
  wk_nv_write_bytes(WK_AT_VAULT + 1, key, WK_AES_KEY_LEN);
  wk_nv_validate(WK_AT_VAULT);
}

bool wk_vault_open(void) {
  vault.open = wk_nv_valid(WK_AT_VAULT);
  if (vault.open)
    wk_nv_read_bytes(vault.key, WK_AT_VAULT + 1, WK_AES_KEY_LEN);
  return vault.open;
}

void wk_vault_destroy(void) {
  wk_vault_close();
  wk_nv_invalidate(WK_AT_VAULT);
  wk_nv_write_bytes(WK_AT_VAULT + 1, vault.key, WK_AES_KEY_LEN);
}

static void nonce_write(uint8_t nonce[WK_CCM_NONCE_LEN],
                        const struct wk_seal_name *name) {
  memset(nonce, 0, WK_CCM_NONCE_LEN);
  nonce[0] = name->kind;
  nonce[1] = (uint8_t)(name->number >> 8);
  nonce[2] = (uint8_t)name->number;
  wk_put_be32(nonce + 3, name->epoch);
}

/* In place; the whole tag follows. CCM's keystream also opens. */
static void seal(uint8_t buffer[WK_SEALED_MAX + WK_CCM_TAG_LEN], uint8_t len,
                 const struct wk_seal_name *name) {
  uint8_t nonce[WK_CCM_NONCE_LEN];
  nonce_write(nonce, name);
  /* Fails on lengths beyond 64 KB only. */
  (void)!wk_ccm_seal(buffer, vault.key, nonce, NULL, 0, buffer, len);
}

void wk_vault_seal(uint8_t *data, uint8_t len,
                   const struct wk_seal_name *name) {
  uint8_t buffer[WK_SEALED_MAX + WK_CCM_TAG_LEN];
  memcpy(buffer, data, len);
  seal(buffer, len, name);
  memcpy(data, buffer, len + WK_SEAL_TAG_LEN);
}

bool wk_vault_get(uint8_t *data, uint8_t len, uint16_t at,
                  const struct wk_seal_name *name) {
  uint8_t buffer[WK_SEALED_MAX + WK_CCM_TAG_LEN];
  uint8_t tag[WK_SEAL_TAG_LEN];
  wk_nv_read_bytes(buffer, at, len);
  wk_nv_read_bytes(tag, at + len, sizeof tag);
  seal(buffer, len, name);
  memcpy(data, buffer, len);
  seal(buffer, len, name);
  const bool right = vault.open && wk_equal(buffer + len, tag, sizeof tag);
  wk_wipe(buffer, sizeof buffer);
  if (!right)
    wk_wipe(data, len);
  return right;
}

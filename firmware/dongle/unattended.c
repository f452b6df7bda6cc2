/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of devices that nobody attends: the key lies beside what it seals.
 * Sealing then finds damage, and keeps nobody out who can read the chip.
 */
#include "lock.h"

#include "layout.h"
#include "nv.h"
#include "vault.h"

#include <whitekey/bytes.h>

_Static_assert(1 + WK_AES_KEY_LEN == WK_VAULT_SIZE, "vault");

enum wk_err wk_lock_open(void) {
  uint8_t key[WK_AES_KEY_LEN];
  if (!wk_nv_valid(WK_AT_VAULT))
    return WK_ERR_KEY;
  wk_nv_read_bytes(key, WK_AT_VAULT + 1, sizeof key);
  wk_vault_open(key);
  wk_wipe(key, sizeof key);
  return WK_OK;
}

/* Nobody to ask: without a key the EEPROM is damaged. */
enum wk_touch wk_lock_said(void) {
  return WK_TOUCH_NO_FINGER;
}

enum wk_err wk_lock_make(uint8_t bio_id[WK_BIO_LEN],
                         const uint8_t key[WK_AES_KEY_LEN]) {
  (void)bio_id;
  wk_vault_open(key);
  wk_nv_invalidate(WK_AT_VAULT);
  wk_nv_write_bytes(WK_AT_VAULT + 1, key, WK_AES_KEY_LEN);
  wk_nv_validate(WK_AT_VAULT);
  return WK_OK;
}

void wk_lock_destroy(void) {
  wk_vault_close();
  wk_nv_invalidate(WK_AT_VAULT);
  for (uint8_t i = 1; i < WK_VAULT_SIZE; i++)
    wk_nv_write(WK_AT_VAULT + i, 0);
}

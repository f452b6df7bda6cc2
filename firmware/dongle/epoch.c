/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch.h"

#include <string.h>

#include "layout.h"

#include <whitekey/bytes.h>

enum { AT_EPOCH = 1, AT_DRAFT = 5, AT_SEED = 9 };
_Static_assert(AT_SEED + WK_SEED_LEN + WK_SEAL_TAG_LEN == WK_EPOCH_SIZE &&
                   WK_EPOCH_SIZE <= WK_NV_PUT_MAX,
               "record");

static uint16_t record(uint8_t side) {
  return (uint16_t)(WK_AT_EPOCHS + side * WK_EPOCH_SIZE);
}

uint8_t wk_epoch_side(const struct wk_epoch *e) {
  return (uint8_t)(e->epoch & 1u);
}

struct wk_seal_name wk_epoch_name(const struct wk_epoch *e, char kind,
                                  uint16_t number) {
  return (struct wk_seal_name){(uint8_t)kind, number, e};
}

bool wk_epoch_load(struct wk_epoch *e, uint8_t side) {
  uint8_t data[AT_SEED];
  wk_nv_read_bytes(data, record(side), sizeof data);
  e->epoch = wk_get_be32(data + AT_EPOCH);
  e->draft = wk_get_be32(data + AT_DRAFT);
  return wk_nv_valid(record(side));
}

void wk_epoch_put(struct wk_nv_put *put, const struct wk_epoch *e,
                  uint8_t seed[WK_SEED_LEN]) {
  const struct wk_seal_name name = wk_epoch_name(e, 'E', 0);
  uint8_t *const data = put->data;
  wk_put_be32(data + AT_EPOCH, e->epoch);
  wk_put_be32(data + AT_DRAFT, e->draft);
  memcpy(data + AT_SEED, seed, WK_SEED_LEN);
  wk_wipe(seed, WK_SEED_LEN);
  wk_vault_seal(data + AT_SEED, WK_SEED_LEN, &name);
  put->record = record(wk_epoch_side(e));
  put->len = WK_EPOCH_SIZE;
  put->done = 0;
}

bool wk_epoch_seed(const struct wk_epoch *e, uint8_t seed[WK_SEED_LEN]) {
  const struct wk_seal_name name = wk_epoch_name(e, 'E', 0);
  return wk_vault_get(seed, WK_SEED_LEN, record(wk_epoch_side(e)) + AT_SEED,
                      &name);
}

bool wk_epoch_erase(uint8_t side) {
  for (uint8_t i = 0; i < WK_EPOCH_SIZE; i++) {
    if (wk_nv_read(record(side) + i) == 0)
      continue;
    wk_nv_write(record(side) + i, 0);
    return true;
  }
  return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <string.h>

#include "nv.h"
#include "vault.h"

#include <whitekey/bytes.h>

enum { AT_BLOCK = 1, AT_VALUE = 3 };
_Static_assert(sizeof((struct wk_slots *)0)->put.sealed ==
                   WK_VALUE_LEN + WK_SEAL_TAG_LEN,
               "sealed");
_Static_assert(AT_VALUE + WK_VALUE_LEN + WK_SEAL_TAG_LEN == WK_SLOT_SIZE,
               "slot");

/* Invalid, block and value byte by byte, valid. */
#define PUT_WRITES (WK_SLOT_SIZE + 1u)

static uint16_t slot_at(uint8_t slot) {
  return (uint16_t)(WK_AT_SLOTS + slot * WK_SLOT_SIZE);
}

#define SIDE_SHIFT 15u

uint16_t wk_slots_key(const struct wk_epoch *e, uint16_t block) {
  return block | (uint16_t)((uint16_t)wk_epoch_side(e) << SIDE_SHIFT);
}

uint16_t wk_slots_block(const struct wk_slots *s, uint8_t slot,
                        const struct wk_epoch *e) {
  const uint16_t key = s->key[slot];
  if (key == WK_NO_BLOCK || key >> SIDE_SHIFT != wk_epoch_side(e))
    return WK_NO_BLOCK;
  return key & ((1u << SIDE_SHIFT) - 1);
}

void wk_slots_load(struct wk_slots *s) {
  memset(s, 0, sizeof *s);
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    const uint16_t at = slot_at(i);
    s->key[i] = WK_NO_BLOCK;
    if (wk_nv_valid(at))
      s->key[i] = (uint16_t)(wk_nv_read(at + AT_BLOCK) << 8 |
                             wk_nv_read(at + AT_BLOCK + 1));
  }
}

void wk_slots_clear(struct wk_slots *s, uint8_t side) {
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    if (s->key[i] >> SIDE_SHIFT != side)
      continue;
    wk_nv_invalidate(slot_at(i));
    s->key[i] = WK_NO_BLOCK;
  }
  if (s->put.key >> SIDE_SHIFT == side)
    s->put.left = 0;
}

static uint8_t find(const struct wk_slots *s, uint16_t key) {
  uint8_t slot = 0;
  while (slot < WK_SLOTS && s->key[slot] != key)
    slot++;
  return slot;
}

bool wk_slots_has(const struct wk_slots *s, const struct wk_epoch *e,
                  uint16_t block) {
  return find(s, wk_slots_key(e, block)) < WK_SLOTS;
}

bool wk_slots_get(struct wk_slots *s, uint8_t x[WK_VALUE_LEN],
                  const struct wk_epoch *e, uint16_t block) {
  const uint8_t slot = find(s, wk_slots_key(e, block));
  const struct wk_seal_name name = wk_epoch_name(e, 'S', block);
  if (wk_vault_get(x, WK_VALUE_LEN, slot_at(slot) + AT_VALUE, &name))
    return true;
  s->key[slot] = WK_NO_BLOCK;
  return false;
}

void wk_slots_put(struct wk_slots *s, uint8_t slot, const struct wk_epoch *e,
                  uint16_t block, const uint8_t x[WK_VALUE_LEN]) {
  const struct wk_seal_name name = wk_epoch_name(e, 'S', block);
  memcpy(s->put.sealed, x, WK_VALUE_LEN);
  wk_vault_seal(s->put.sealed, WK_VALUE_LEN, &name);
  s->put.key = wk_slots_key(e, block);
  s->put.left = PUT_WRITES;
  s->last = slot;
  s->key[slot] = WK_NO_BLOCK;
}

bool wk_slots_work(struct wk_slots *s) {
  const uint16_t at = slot_at(s->last);
  if (s->put.left == 0)
    return false;
  const uint8_t done = (uint8_t)(PUT_WRITES - s->put.left--);
  if (done == 0) {
    wk_nv_invalidate(at);
  } else if (s->put.left == 0) {
    wk_nv_validate(at);
    s->key[s->last] = s->put.key;
  } else if (done < AT_VALUE) {
    wk_nv_write(at + done,
                (uint8_t)(done == AT_BLOCK ? s->put.key >> 8 : s->put.key));
  } else {
    wk_nv_write(at + done, s->put.sealed[done - AT_VALUE]);
  }
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <string.h>

#include "vault.h"

#include <whitekey/bytes.h>

enum { AT_BLOCK = 1, AT_VALUE = 3 };
_Static_assert(AT_VALUE + WK_VALUE_LEN + WK_SEAL_TAG_LEN == WK_SLOT_SIZE,
               "slot");

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

static void load(struct wk_slots *s, uint8_t slot) {
  const uint16_t at = slot_at(slot);
  s->key[slot] = WK_NO_BLOCK;
  if (wk_nv_valid(at))
    s->key[slot] = (uint16_t)(wk_nv_read(at + AT_BLOCK) << 8 |
                              wk_nv_read(at + AT_BLOCK + 1));
}

void wk_slots_load(struct wk_slots *s) {
  memset(s, 0, sizeof *s);
  for (uint8_t i = 0; i < WK_SLOTS; i++)
    load(s, i);
}

bool wk_slots_clear(struct wk_slots *s, const struct wk_epoch *e) {
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    if (wk_slots_block(s, i, e) == WK_NO_BLOCK)
      continue;
    wk_nv_invalidate(slot_at(i));
    s->key[i] = WK_NO_BLOCK;
    return true;
  }
  return false;
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
  const uint16_t key = wk_slots_key(e, block);
  uint8_t *const data = s->put.data;
  data[AT_BLOCK] = (uint8_t)(key >> 8);
  data[AT_BLOCK + 1] = (uint8_t)key;
  memcpy(data + AT_VALUE, x, WK_VALUE_LEN);
  wk_vault_seal(data + AT_VALUE, WK_VALUE_LEN, &name);
  s->put.record = slot_at(slot);
  s->put.len = WK_SLOT_SIZE;
  s->put.done = 0;
  s->last = slot;
  s->key[slot] = WK_NO_BLOCK;
}

bool wk_slots_work(struct wk_slots *s) {
  if (!wk_nv_put_work(&s->put))
    return false;
  if (s->put.len == 0)
    load(s, s->last);
  return true;
}

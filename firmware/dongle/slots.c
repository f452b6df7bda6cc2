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

static struct wk_seal_name name_of(const struct wk_slots *s, uint16_t block) {
  return (struct wk_seal_name){'S', s->epoch, block};
}

void wk_slots_load(struct wk_slots *s, uint32_t epoch) {
  memset(s, 0, sizeof *s);
  s->epoch = epoch;
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    const uint16_t at = slot_at(i);
    s->block[i] = WK_NO_BLOCK;
    if (wk_nv_valid(at))
      s->block[i] = (uint16_t)(wk_nv_read(at + AT_BLOCK) << 8 |
                               wk_nv_read(at + AT_BLOCK + 1));
  }
}

void wk_slots_clear(struct wk_slots *s, uint32_t epoch) {
  for (uint8_t i = 0; i < WK_SLOTS; i++)
    wk_nv_invalidate(slot_at(i));
  wk_slots_load(s, epoch);
}

static uint8_t find(const struct wk_slots *s, uint16_t block) {
  uint8_t slot = 0;
  while (slot < WK_SLOTS && s->block[slot] != block)
    slot++;
  return slot;
}

bool wk_slots_has(const struct wk_slots *s, uint16_t block) {
  return find(s, block) < WK_SLOTS;
}

bool wk_slots_get(struct wk_slots *s, uint8_t x[WK_VALUE_LEN],
                  uint16_t block) {
  const uint8_t slot = find(s, block);
  const struct wk_seal_name name = name_of(s, block);
  if (wk_vault_get(x, WK_VALUE_LEN, slot_at(slot) + AT_VALUE, &name))
    return true;
  s->block[slot] = WK_NO_BLOCK;
  return false;
}

void wk_slots_put(struct wk_slots *s, uint8_t slot, uint16_t block,
                  uint8_t x[WK_VALUE_LEN]) {
  const struct wk_seal_name name = name_of(s, block);
  memcpy(s->put.sealed, x, WK_VALUE_LEN);
  wk_wipe(x, WK_VALUE_LEN);
  wk_vault_seal(s->put.sealed, WK_VALUE_LEN, &name);
  s->put.block = block;
  s->put.left = PUT_WRITES;
  s->last = slot;
  s->block[slot] = WK_NO_BLOCK;
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
    s->block[s->last] = s->put.block;
  } else if (done < AT_VALUE) {
    wk_nv_write(at + done, (uint8_t)(done == AT_BLOCK ? s->put.block >> 8
                                                      : s->put.block));
  } else {
    wk_nv_write(at + done, s->put.sealed[done - AT_VALUE]);
  }
  return true;
}

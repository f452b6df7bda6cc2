/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

#include "device.h"
#include "vault.h"

#include <whitekey/bytes.h>

#define STEPS_AT_ONCE 4u

static uint16_t blocks(const struct wk_store *s) {
  return (uint16_t)(s->n / WK_BLOCK);
}

/* The index of a block's value, its highest. */
static uint32_t top_of(uint16_t block) {
  return ((uint32_t)block + 1) * WK_BLOCK;
}

static void init(struct wk_store *s, const struct wk_id *id, uint32_t epoch,
                 uint32_t n) {
  memset(s, 0, sizeof *s);
  s->n = n;
  wk_chain_salt(s->salt, id, WK_ROLE_C, epoch);
  wk_plan_init(&s->plan, blocks(s));
}

void wk_store_create(struct wk_store *s, const struct wk_id *id,
                     uint32_t epoch, uint32_t n) {
  init(s, id, epoch, n);
  wk_slots_clear(&s->slots, epoch);
  wk_counter_start(&s->counter);
  wk_plan_advance(&s->plan, NULL, NULL);
}

enum wk_err wk_store_load(struct wk_store *s, const struct wk_id *id,
                          uint32_t epoch, uint32_t n) {
  init(s, id, epoch, n);
  wk_slots_load(&s->slots, epoch);
  if (!wk_counter_load(&s->counter) || s->counter.block >= blocks(s))
    return WK_ERR_CORRUPT;
  for (uint16_t b = 0; b <= s->counter.block; b++)
    wk_plan_advance(&s->plan, NULL, NULL);
  return WK_OK;
}

/* The plan counts blocks from 1, and keeps places of blocks that are over. */
static bool is_wanted(const struct wk_store *s, uint16_t block) {
  if (block == s->counter.block)
    return true;
  for (uint8_t p = 0; p < s->plan.k; p++) {
    if (s->plan.at[p] == block + UINT32_C(1))
      return block > s->counter.block;
  }
  return false;
}

/* The highest wanted block that no slot holds. */
static uint16_t missing(const struct wk_store *s) {
  uint16_t found = WK_NO_BLOCK;
  if (!wk_slots_has(&s->slots, s->counter.block))
    found = s->counter.block;
  for (uint8_t p = 0; p < s->plan.k; p++) {
    const uint16_t block = (uint16_t)(s->plan.at[p] - 1);
    if (!is_wanted(s, block) || wk_slots_has(&s->slots, block))
      continue;
    if (found == WK_NO_BLOCK || block > found)
      found = block;
  }
  return found;
}

/* The block that a missing one is walked to from; none: from the seed. */
static uint16_t source_of(const struct wk_store *s, uint16_t block) {
  uint16_t source = WK_NO_BLOCK;
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    const uint16_t held = s->slots.block[i];
    if (held > block && held < source)
      source = held;
  }
  return source;
}

static bool is_source(const struct wk_store *s, uint16_t block) {
  for (uint8_t p = 0; p < s->plan.k; p++) {
    const uint16_t other = (uint16_t)(s->plan.at[p] - 1);
    if (is_wanted(s, other) && !wk_slots_has(&s->slots, other) &&
        source_of(s, other) == block)
      return true;
  }
  return !wk_slots_has(&s->slots, s->counter.block) &&
         source_of(s, s->counter.block) == block;
}

/*
 * Wanted are at most 12 values. With m of them missing, 12 - m slots are
 * wanted and at most m are sources: one of the 13 is free. Slots take turns,
 * so that all wear alike.
 */
static uint8_t free_slot(const struct wk_store *s) {
  uint8_t slot = s->slots.last;
  for (;;) {
    slot = (uint8_t)((slot + 1u) % WK_SLOTS);
    const uint16_t block = s->slots.block[slot];
    if (block == WK_NO_BLOCK || (!is_wanted(s, block) && !is_source(s, block)))
      return slot;
  }
}

bool wk_store_is_ready(const struct wk_store *s) {
  return wk_slots_has(&s->slots, s->counter.block);
}

/* False: not even the seed opens. */
static bool begin_walk(struct wk_store *s, uint16_t block) {
  uint16_t source = source_of(s, block);
  while (source != WK_NO_BLOCK && !wk_slots_get(&s->slots, s->walk.x, source))
    source = source_of(s, block);
  s->walk.block = block;
  s->walk.at = s->n;
  if (source != WK_NO_BLOCK) {
    s->walk.at = top_of(source);
  } else {
    if (!wk_device_seed(s->walk.x))
      return false;
    wk_chain_top(s->walk.x, s->salt, s->n, s->walk.x);
  }
  s->walk.going = true;
  return true;
}

static void go_on(struct wk_store *s) {
  const uint32_t end = top_of(s->walk.block);
  uint32_t to = end;
  if (s->walk.at - end > STEPS_AT_ONCE)
    to = s->walk.at - STEPS_AT_ONCE;
  wk_chain_walk(s->walk.x, s->salt, s->walk.at, to);
  s->walk.at = to;
  if (to != end)
    return;
  wk_slots_put(&s->slots, free_slot(s), s->walk.block, s->walk.x);
  s->walk.going = false;
}

/* The next block's value was wanted before: the plan is a round ahead. */
static void turn(struct wk_store *s) {
  wk_counter_turn(&s->counter);
  wk_plan_advance(&s->plan, NULL, NULL);
}

bool wk_store_work(struct wk_store *s) {
  if (!wk_vault_is_open())
    return false;
  if (s->walk.going) {
    go_on(s);
    return true;
  }
  if (wk_slots_work(&s->slots))
    return true;
  const uint16_t block = missing(s);
  if (block != WK_NO_BLOCK)
    return begin_walk(s, block);
  if (wk_counter_prepare(&s->counter))
    return true;
  if (s->counter.used < WK_BLOCK || wk_store_next(s) > s->n)
    return false;
  turn(s);
  return true;
}

uint32_t wk_store_next(const struct wk_store *s) {
  return (uint32_t)s->counter.block * WK_BLOCK + s->counter.used + 1;
}

static void finish_work(struct wk_store *s) {
  while (wk_store_work(s)) {
  }
}

/* On to the block of an index, now and not when there is time. */
static void hurry_to(struct wk_store *s, uint32_t index) {
  while (top_of(s->counter.block) < index) {
    const uint16_t block = s->counter.block;
    finish_work(s);
    if (s->counter.block == block)
      turn(s);
  }
}

/* The current block's value; a damaged one is walked to anew. */
static bool block_value(struct wk_store *s, uint8_t x[WK_VALUE_LEN]) {
  if (!wk_store_is_ready(s))
    finish_work(s);
  if (!wk_store_is_ready(s))
    return false;
  if (wk_slots_get(&s->slots, x, s->counter.block))
    return true;
  finish_work(s);
  return wk_store_is_ready(s) && wk_slots_get(&s->slots, x, s->counter.block);
}

enum wk_err wk_store_take(struct wk_store *s, uint8_t skip,
                          uint8_t x[WK_VALUE_LEN], uint32_t *index) {
  const uint32_t wanted = wk_store_next(s) + skip;
  memset(x, 0, WK_VALUE_LEN);
  *index = 0;
  if (!wk_vault_is_open())
    return WK_ERR_KEY;
  if (wanted > s->n)
    return WK_ERR_EXHAUSTED;
  hurry_to(s, wanted);
  const bool there = block_value(s, x);
  wk_counter_use(&s->counter, (uint8_t)((wanted - 1) % WK_BLOCK + 1));
  /* While that is being written. */
  wk_chain_walk(x, s->salt, top_of(s->counter.block), wanted);
  if (!there || !wk_counter_is_durable(&s->counter)) {
    wk_wipe(x, WK_VALUE_LEN);
    return WK_ERR_IO;
  }
  *index = wanted;
  return WK_OK;
}

enum wk_err wk_store_anchor(struct wk_store *s, uint8_t anchor[WK_VALUE_LEN]) {
  memset(anchor, 0, WK_VALUE_LEN);
  if (wk_store_next(s) != 1 || !block_value(s, anchor))
    return WK_ERR_ARGUMENT;
  wk_chain_walk(anchor, s->salt, WK_BLOCK, 0);
  return WK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How chains begin and end. */
#include "store.h"

#include <string.h>

#include "pool.h"
#include "turn.h"

#include <whitekey/bytes.h>

/* The plan of a chain whose counter is known. */
static void plan(struct wk_store *s) {
  wk_plan_init(&s->plan, s->n / WK_BLOCK);
  for (uint16_t b = 0; b <= s->line[WK_OLD].counter.block; b++)
    wk_plan_advance(&s->plan, NULL, NULL);
}

static void salt(struct wk_store *s, struct wk_line *line) {
  wk_chain_salt(line->salt, s->id, WK_ROLE_C, line->epoch.epoch);
}

static void init(struct wk_store *s, const struct wk_id *id, uint32_t n) {
  memset(s, 0, sizeof *s);
  s->id = id;
  s->n = n;
}

static bool clear(struct wk_store *s, struct wk_line *line) {
  return wk_epoch_erase(wk_epoch_side(&line->epoch)) ||
         wk_slots_clear(&s->slots, &line->epoch) ||
         wk_counter_use(&line->counter, 0, 0);
}

bool wk_store_clear(struct wk_store *s) {
  return !s->line[WK_NEW].present && clear(s, &s->line[WK_NEW]);
}

/* In a place that is cleared. The record makes the chain: it comes last. */
static void create(struct wk_store *s, struct wk_line *line,
                   uint8_t seed[WK_SEED_LEN]) {
  uint8_t random[WK_RANDOM_LEN];
  wk_pool_show(random, NULL, 0);
  line->epoch.draft = wk_get_be32(random);
  wk_epoch_put(&s->slots.put, &line->epoch, seed);
  wk_wipe(&s->far, sizeof s->far); /* it is the new line's from now on */
  line->present = true;
}

/* There is no next chain: its place is to be cleared. */
static void vacate(struct wk_store *s) {
  struct wk_line *new = &s->line[WK_NEW];
  wk_wipe(new, sizeof *new);
  new->epoch.epoch = s->line[WK_OLD].epoch.epoch + 1;
  salt(s, new);
  wk_counter_start(&new->counter, wk_epoch_side(&new->epoch));
}

void wk_store_create(struct wk_store *s, const struct wk_id *id, uint32_t n,
                     uint8_t seed[WK_SEED_LEN]) {
  struct wk_line *line = &s->line[WK_OLD];
  init(s, id, n);
  wk_slots_load(&s->slots);
  wk_counter_start(&line->counter, 0);
  salt(s, line);
  while (clear(s, line)) {
  }
  create(s, line, seed);
  while (wk_slots_work(&s->slots)) {
  }
  vacate(s);
  plan(s);
}

/* The lower of two epochs is the old one. */
static void load_line(struct wk_store *s, uint8_t side) {
  struct wk_line line = {.present = true};
  if (!wk_epoch_load(&line.epoch, side) ||
      !wk_counter_load(&line.counter, side) ||
      line.counter.block >= s->n / WK_BLOCK)
    return;
  struct wk_line *old = &s->line[WK_OLD];
  if (old->present && old->epoch.epoch < line.epoch.epoch) {
    s->line[WK_NEW] = line;
    return;
  }
  s->line[WK_NEW] = *old;
  *old = line;
}

enum wk_err wk_store_load(struct wk_store *s, const struct wk_id *id,
                          uint32_t n) {
  init(s, id, n);
  wk_slots_load(&s->slots);
  load_line(s, 0);
  load_line(s, 1);
  if (!s->line[WK_OLD].present)
    return WK_ERR_CORRUPT;
  salt(s, &s->line[WK_OLD]);
  if (s->line[WK_NEW].present)
    salt(s, &s->line[WK_NEW]);
  else
    wk_store_drop(s); /* power may have failed in a switch */
  plan(s);
  return WK_OK;
}

void wk_store_erase(struct wk_store *s) {
  wk_turn_close();
  for (uint8_t side = 0; side < 2; side++) {
    const struct wk_epoch epoch = {.epoch = side};
    while (wk_epoch_erase(side) || wk_slots_clear(&s->slots, &epoch)) {
    }
    wk_counter_erase(side);
  }
  wk_wipe(s, sizeof *s);
}

bool wk_store_begin(struct wk_store *s) {
  const struct wk_line *old = &s->line[WK_OLD];
  uint8_t seed[WK_SEED_LEN];
  uint8_t fresh[WK_RANDOM_LEN];
  if (!s->wants_next)
    return false;
  s->wants_next = false;
  if (!wk_epoch_seed(&old->epoch, seed))
    return false;
  wk_pool_take(fresh);
  wk_chain_next_seed(seed, old->salt, seed, fresh);
  wk_wipe(fresh, sizeof fresh);
  create(s, &s->line[WK_NEW], seed);
  return true;
}

/* The side that has no chain now: what else is there is cleared by and by. */
static void forget(struct wk_store *s) {
  (void)wk_epoch_erase(wk_epoch_side(&s->line[WK_OLD].epoch) ^ 1u);
  wk_turn_close();
  vacate(s);
  wk_wipe(&s->near, sizeof s->near);
  wk_wipe(&s->far, sizeof s->far);
}

void wk_store_switch(struct wk_store *s) {
  s->line[WK_OLD] = s->line[WK_NEW];
  forget(s);
  plan(s);
}

void wk_store_drop(struct wk_store *s) {
  forget(s);
}

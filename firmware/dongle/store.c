/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

#include "vault.h"

#include <whitekey/bytes.h>

#define STEPS_AT_ONCE 3u
#define AHEAD                                                                 \
  3u /* the current block and those behind it: 64 can be skipped              \
      */
/* On a long way every so many blocks' value is kept: 11 s of it, for a dongle
 * whose power does not last. */
#define REST 256u
/* So many steps a password may take at most: 350 ms. */
#define HURRY_MAX 256u

static uint16_t blocks(const struct wk_store *s) {
  return (uint16_t)(s->n / WK_BLOCK);
}

/* The index of a block's value, its highest. */
static uint32_t top_of(uint16_t block) {
  return ((uint32_t)block + 1) * WK_BLOCK;
}

/* ---- what is wanted, and where it comes from -----------------------------
 */

static bool is_planned(const struct wk_store *s, const struct wk_line *line) {
  return line == &s->line[WK_OLD];
}

static uint8_t wishes(const struct wk_store *s, const struct wk_line *line) {
  return (uint8_t)(AHEAD + (is_planned(s, line) ? s->plan.k : 0));
}

/*
 * A block whose value a chain wants kept; WK_NO_BLOCK: no wish. The plan
 * counts blocks from 1, and keeps places of blocks that are over. It wants the
 * highest, too, which is as near as the seed.
 */
static uint16_t wish(const struct wk_store *s, const struct wk_line *line,
                     uint8_t i) {
  const uint16_t now = line->counter.block;
  if (i < AHEAD)
    return now + i < blocks(s) ? (uint16_t)(now + i) : WK_NO_BLOCK;
  const uint16_t block = (uint16_t)(s->plan.at[i - AHEAD] - 1);
  return block > now && block + 1u < blocks(s) ? block : WK_NO_BLOCK;
}

static bool is_wanted(const struct wk_store *s, const struct wk_line *line,
                      uint16_t block) {
  for (uint8_t i = 0; i < wishes(s, line); i++) {
    if (wish(s, line, i) == block)
      return true;
  }
  return false;
}

/* That no slot holds. */
static uint16_t missing_wish(const struct wk_store *s,
                             const struct wk_line *line, uint8_t i) {
  const uint16_t block = wish(s, line, i);
  if (block != WK_NO_BLOCK && wk_slots_has(&s->slots, &line->epoch, block))
    return WK_NO_BLOCK;
  return block;
}

/* The highest one: those below it are walked to from there. */
static uint16_t missing(const struct wk_store *s, const struct wk_line *line) {
  uint16_t found = WK_NO_BLOCK;
  for (uint8_t i = 0; i < wishes(s, line); i++) {
    const uint16_t block = missing_wish(s, line, i);
    if (block != WK_NO_BLOCK && (found == WK_NO_BLOCK || block > found))
      found = block;
  }
  return found;
}

/* The lowest block that is held from this one on; none: the seed. */
static uint16_t source_of(const struct wk_store *s, const struct wk_line *line,
                          uint16_t block) {
  uint16_t source = WK_NO_BLOCK;
  for (uint8_t i = 0; i < WK_SLOTS; i++) {
    const uint16_t held = wk_slots_block(&s->slots, i, &line->epoch);
    if (held >= block && held < source)
      source = held;
  }
  return source;
}

static bool is_source(const struct wk_store *s, const struct wk_line *line,
                      uint16_t block) {
  for (uint8_t i = 0; i < wishes(s, line); i++) {
    const uint16_t other = missing_wish(s, line, i);
    if (other != WK_NO_BLOCK && source_of(s, line, other) == block)
      return true;
  }
  return false;
}

static bool is_free(const struct wk_store *s, uint8_t slot) {
  for (uint8_t which = WK_OLD; which <= WK_NEW; which++) {
    const struct wk_line *line = &s->line[which];
    const uint16_t block = line->present
                               ? wk_slots_block(&s->slots, slot, &line->epoch)
                               : WK_NO_BLOCK;
    if (block != WK_NO_BLOCK &&
        (is_wanted(s, line, block) || is_source(s, line, block)))
      return false;
  }
  return true;
}

/*
 * Wanted are at most 12 values of the chain and 3 of the next one. With m of
 * them missing, 15 - m slots are wanted and at most m are sources: one of the
 * 16 is free. Slots take turns, so that all wear alike.
 */
static uint8_t free_slot(const struct wk_store *s) {
  uint8_t slot = s->slots.last;
  do {
    slot = (uint8_t)((slot + 1u) % WK_SLOTS);
  } while (!is_free(s, slot));
  return slot;
}

/* x[*at], the nearest value from a block's on; false: not even the seed
 * opens. */
static bool fetch(struct wk_store *s, const struct wk_line *line,
                  uint16_t block, uint32_t *at, uint8_t x[WK_VALUE_LEN]) {
  uint16_t source = source_of(s, line, block);
  while (source != WK_NO_BLOCK) {
    *at = top_of(source);
    if (wk_slots_get(&s->slots, x, &line->epoch, source))
      return true;
    source = source_of(s, line, block);
  }
  *at = s->n;
  if (!wk_epoch_seed(&line->epoch, x))
    return false;
  wk_chain_top(x, line->salt, s->n, x);
  return true;
}

/* ---- work ----------------------------------------------------------------
 */

static bool begin_walk(struct wk_store *s, struct wk_line *line,
                       uint16_t block) {
  line->walk.block = block;
  line->walk.going = fetch(s, line, block, &line->walk.at, line->walk.x);
  return line->walk.going;
}

static void keep(struct wk_store *s, struct wk_line *line) {
  const uint16_t block = (uint16_t)(line->walk.at / WK_BLOCK - 1);
  wk_slots_put(&s->slots, free_slot(s), &line->epoch, block, line->walk.x);
}

static void go_on(struct wk_store *s, struct wk_line *line) {
  const uint32_t end = top_of(line->walk.block);
  uint32_t to = end;
  if (line->walk.at - end > STEPS_AT_ONCE)
    to = line->walk.at - STEPS_AT_ONCE;
  wk_chain_walk(line->walk.x, line->salt, line->walk.at, to);
  line->walk.at = to;
  if (to == end || to % (REST * WK_BLOCK) == 0)
    keep(s, line);
  if (to != end)
    return;
  line->walk.going = false;
  wk_wipe(line->walk.x, sizeof line->walk.x);
}

static bool is_spent(const struct wk_store *s, const struct wk_line *line) {
  return line->counter.used == WK_BLOCK &&
         line->counter.block + 1u == blocks(s);
}

static void turn(struct wk_store *s, struct wk_line *line, uint16_t block) {
  if (is_planned(s, line)) {
    for (uint16_t b = line->counter.block; b < block; b++)
      wk_plan_advance(&s->plan, NULL, NULL);
  }
  wk_counter_turn(&line->counter, block);
}

static bool work(struct wk_store *s, struct wk_line *line) {
  if (!line->present)
    return false;
  if (wk_counter_prepare(&line->counter))
    return true;
  if (line->walk.going) {
    go_on(s, line);
    return true;
  }
  const uint16_t block = missing(s, line);
  if (block != WK_NO_BLOCK)
    return begin_walk(s, line, block);
  if (line->counter.used < WK_BLOCK || is_spent(s, line))
    return false;
  turn(s, line, line->counter.block + 1);
  return true;
}

bool wk_store_work(struct wk_store *s) {
  return wk_vault_is_open() &&
         (wk_slots_work(&s->slots) || work(s, &s->line[WK_OLD]) ||
          work(s, &s->line[WK_NEW]));
}

/*
 * A block's 32 passwords leave up to some 200 pieces to do, of 4 ms. The later
 * in its block, the quicker a password is made: what it saves is owed.
 */
uint8_t wk_store_owes(const struct wk_store *s, enum wk_which which) {
  return (uint8_t)(s->line[which].counter.used % WK_BLOCK * 3u / 8u);
}

uint32_t wk_store_progress(const struct wk_store *s) {
  for (uint8_t which = WK_OLD; which <= WK_NEW; which++) {
    if (s->line[which].walk.going)
      return s->line[which].walk.at;
  }
  return 0;
}

bool wk_store_is_ready(const struct wk_store *s, enum wk_which which) {
  const struct wk_line *line = &s->line[which];
  return line->present &&
         wk_slots_has(&s->slots, &line->epoch, line->counter.block);
}

/* ---- passwords -----------------------------------------------------------
 */

uint32_t wk_store_next(const struct wk_store *s, enum wk_which which) {
  const struct wk_counter *c = &s->line[which].counter;
  return (uint32_t)c->block * WK_BLOCK + c->used + 1;
}

/* index: 1..n */
static uint16_t block_of(uint32_t index) {
  return (uint16_t)((index - 1) / WK_BLOCK);
}

/* x[*at] from which x[index] is not far. */
static enum wk_err near(struct wk_store *s, const struct wk_line *line,
                        uint32_t index, uint32_t *at,
                        uint8_t x[WK_VALUE_LEN]) {
  if (!wk_vault_is_open())
    return WK_ERR_KEY;
  if (!fetch(s, line, block_of(index), at, x))
    return WK_ERR_IO;
  if (*at - index <= HURRY_MAX)
    return WK_OK;
  wk_wipe(x, WK_VALUE_LEN);
  return WK_ERR_BUSY;
}

enum wk_err wk_store_take(struct wk_store *s, enum wk_which which,
                          uint8_t skip, uint8_t x[WK_VALUE_LEN],
                          uint32_t *index) {
  struct wk_line *line = &s->line[which];
  const uint32_t wanted = wk_store_next(s, which) + skip;
  uint32_t at = 0;
  memset(x, 0, WK_VALUE_LEN);
  *index = 0;
  if (wanted > s->n)
    return WK_ERR_EXHAUSTED;
  const enum wk_err err = near(s, line, wanted, &at, x);
  if (err != WK_OK)
    return err;
  if (block_of(wanted) != line->counter.block)
    turn(s, line, block_of(wanted));
  wk_counter_use(&line->counter, (uint8_t)((wanted - 1) % WK_BLOCK + 1));
  /* While that is being written. */
  wk_chain_walk(x, line->salt, at, wanted);
  if (!wk_counter_is_durable(&line->counter)) {
    wk_wipe(x, WK_VALUE_LEN);
    return WK_ERR_IO;
  }
  *index = wanted;
  return WK_OK;
}

enum wk_err wk_store_peek(struct wk_store *s, enum wk_which which,
                          uint32_t index, uint8_t x[WK_VALUE_LEN]) {
  const struct wk_line *line = &s->line[which];
  const uint32_t next = wk_store_next(s, which);
  uint32_t at = 0;
  memset(x, 0, WK_VALUE_LEN);
  if (next > s->n || (index == 0 ? next != 1 : index != next))
    return WK_ERR_ARGUMENT;
  const enum wk_err err = near(s, line, next, &at, x);
  if (err == WK_OK)
    wk_chain_walk(x, line->salt, at, index);
  return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

#include "vault.h"

#include <whitekey/bytes.h>

#define STEPS_AT_ONCE 3u
#define STEPS_IN_A_WRITE 2u
/*
 * Kept are the values of the current block and of those behind it: 64 can be
 * skipped twice in a row. With two chains, for which there are not more slots,
 * it is what the seven refusals of protocol section 2 skip in all: 127. Of the
 * plan the old one keeps what is near then, of the new one's plan there are
 * these blocks beyond: a thousand passwords follow a switch without a wait.
 */
#define AHEAD 6u
#define AHEAD_OF_TWO 5u
#define NEAR 16u
#define FIRST_BEYOND 7u /* the plan's begin: 1, 2, 4, 8 .. blocks */
#define BEYOND 3u
/* On a long way every so many blocks' value is kept: 11 s of it, for a dongle
 * whose power does not last. */
#define REST 256u
#define CATCH_UP_MAX 250u /* pieces of work */
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

static bool are_two(const struct wk_store *s) {
  return s->line[WK_NEW].present;
}

static uint8_t ahead(const struct wk_store *s) {
  return are_two(s) ? AHEAD_OF_TWO : AHEAD;
}

static uint8_t wishes(const struct wk_store *s, const struct wk_line *line) {
  return (uint8_t)(ahead(s) + (is_planned(s, line) ? s->plan.k : BEYOND));
}

/*
 * A block whose value a chain wants kept; WK_NO_BLOCK: no wish. The plan
 * counts blocks from 1, and keeps places of blocks that are over. It wants the
 * highest, too, which is as near as the seed.
 */
static uint16_t wish(const struct wk_store *s, const struct wk_line *line,
                     uint8_t i) {
  const uint16_t now = line->counter.block;
  if (i < ahead(s))
    return now + i < blocks(s) ? (uint16_t)(now + i) : WK_NO_BLOCK;
  i = (uint8_t)(i - ahead(s));
  const uint16_t block = is_planned(s, line)
                             ? (uint16_t)(s->plan.at[i] - 1)
                             : (uint16_t)(((FIRST_BEYOND + 1u) << i) - 1u);
  if (block <= now || block + 1u >= blocks(s) ||
      (are_two(s) && is_planned(s, line) && block - now > NEAR))
    return WK_NO_BLOCK;
  return block;
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

/* The highest one of the first so many: those below it are walked to from
 * there. */
static uint16_t missing(const struct wk_store *s, const struct wk_line *line,
                        uint8_t count) {
  uint16_t found = WK_NO_BLOCK;
  for (uint8_t i = 0; i < count; i++) {
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
 * Wanted are at most 14 values of one chain, or 7 and 8 of two. With m of
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
                       struct wk_walk *walk, uint16_t block) {
  walk->block = block;
  walk->going = fetch(s, line, block, &walk->at, walk->x);
  return walk->going;
}

static void keep(struct wk_store *s, const struct wk_line *line,
                 const struct wk_walk *walk) {
  const uint16_t block = (uint16_t)(walk->at / WK_BLOCK - 1);
  wk_slots_put(&s->slots, free_slot(s), &line->epoch, block, walk->x);
}

static bool go_on(struct wk_store *s, const struct wk_line *line,
                  struct wk_walk *walk) {
  const uint32_t end = top_of(walk->block);
  uint32_t to = end;
  if (!walk->going)
    return false;
  if (walk->at - end > STEPS_AT_ONCE)
    to = walk->at - STEPS_AT_ONCE;
  wk_chain_walk(walk->x, line->salt, walk->at, to);
  walk->at = to;
  if (to == end || to % (REST * WK_BLOCK) == 0)
    keep(s, line, walk);
  if (to == end)
    wk_wipe(walk, sizeof *walk);
  return true;
}

static bool is_spent(const struct wk_store *s, const struct wk_line *line) {
  return line->counter.used == WK_BLOCK &&
         line->counter.block + 1u == blocks(s);
}

/* The plan for a later block. */
static void advance(struct wk_store *s, const struct wk_line *line,
                    uint16_t block) {
  if (!is_planned(s, line))
    return;
  for (uint16_t b = line->counter.block; b < block; b++)
    wk_plan_advance(&s->plan, NULL, NULL);
}

/* What needs no key. */
static bool count(struct wk_store *s, struct wk_line *line) {
  const uint16_t next = line->counter.block + 1;
  if (!line->present)
    return false;
  if (wk_counter_prepare(&line->counter))
    return true;
  if (line->counter.used < WK_BLOCK || is_spent(s, line))
    return false;
  advance(s, line, next);
  wk_counter_turn(&line->counter, next);
  return true;
}

/* A value that is wanted soon, and has not far to go. */
static bool compute_near(struct wk_store *s) {
  struct wk_line *old = &s->line[WK_OLD];
  if (go_on(s, old, &s->near))
    return true;
  const uint16_t block =
      missing(s, old, are_two(s) ? wishes(s, old) : ahead(s));
  if (block == WK_NO_BLOCK)
    return false;
  const uint16_t source = source_of(s, old, block);
  const bool is_near = source != WK_NO_BLOCK && source - block <= NEAR;
  return (is_near || are_two(s)) && begin_walk(s, old, &s->near, block);
}

static struct wk_line *far_line(struct wk_store *s) {
  return &s->line[are_two(s) ? WK_NEW : WK_OLD];
}

bool wk_store_work(struct wk_store *s) {
  struct wk_line *old = &s->line[WK_OLD];
  struct wk_line *new = &s->line[WK_NEW];
  return count(s, old) || count(s, new) || wk_slots_work(&s->slots) ||
         (wk_vault_opens(&old->epoch) && compute_near(s)) ||
         wk_store_clear(s) || (wk_vault_is_open() && wk_store_begin(s));
}

void wk_store_narrow(struct wk_store *s) {
  wk_vault_narrow(&far_line(s)->epoch);
}

bool wk_store_walk(struct wk_store *s) {
  struct wk_line *line = far_line(s);
  if (!wk_vault_opens(&line->epoch))
    return false;
  if (go_on(s, line, &s->far))
    return true;
  const uint16_t block = missing(s, line, wishes(s, line));
  return block != WK_NO_BLOCK && begin_walk(s, line, &s->far, block);
}

/*
 * A block's 32 passwords leave up to some 200 pieces to do, of 4 ms. The later
 * in its block, the quicker a password is made: what it saves is paid before.
 */
uint8_t wk_store_owes(const struct wk_store *s, enum wk_which which) {
  return (uint8_t)(s->line[which].counter.used % WK_BLOCK * 3u / 8u);
}

static bool lags(const struct wk_store *s, const struct wk_line *line) {
  if (!wk_counter_is_prepared(&line->counter))
    return true;
  for (uint8_t i = 0; wk_vault_opens(&line->epoch) && i < ahead(s); i++) {
    if (missing_wish(s, line, i) != WK_NO_BLOCK)
      return true;
  }
  return false;
}

void wk_store_catch_up(struct wk_store *s, enum wk_which which) {
  for (uint8_t i = 0; i < CATCH_UP_MAX && lags(s, &s->line[which]); i++)
    (void)(wk_store_work(s) || wk_store_walk(s));
}

uint32_t wk_store_progress(const struct wk_store *s) {
  if (s->far.going)
    return s->far.at;
  return s->near.going ? s->near.at : 0;
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

/* Makes index durable and x, which is x[at], x[index] while the EEPROM writes:
 * a step takes 1.2 ms, a write up to 3.4. */
static void spend(struct wk_line *line, uint32_t index, uint32_t at,
                  uint8_t x[WK_VALUE_LEN]) {
  const uint16_t block = block_of(index);
  const uint8_t number = (uint8_t)((index - 1) % WK_BLOCK + 1);
  while (wk_counter_use(&line->counter, block, number)) {
    const uint32_t to =
        at - index > STEPS_IN_A_WRITE ? at - STEPS_IN_A_WRITE : index;
    wk_chain_walk(x, line->salt, at, to);
    at = to;
  }
  wk_chain_walk(x, line->salt, at, index);
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
  advance(s, line, block_of(wanted));
  spend(line, wanted, at, x);
  if (!wk_counter_took(&line->counter)) {
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

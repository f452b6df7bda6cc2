/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include "layout.h"
#include "nv.h"

enum { AT_BLOCK = 1, AT_MARKS = 3 };
_Static_assert(AT_MARKS + WK_BLOCK == WK_COUNTER_SIZE, "area");

#define FREE 0xffu
#define USED 0x00u
#define NO_BLOCK 0xffffu

static uint16_t pair_of(uint8_t side) {
  return (uint16_t)(WK_AT_COUNTER + side * 2u * WK_COUNTER_SIZE);
}

static uint16_t area(const struct wk_counter *c, uint8_t which) {
  return (uint16_t)(c->at + (which & 1u) * WK_COUNTER_SIZE);
}

/* number: 1..32, as passwords of a block are counted */
static uint16_t mark(const struct wk_counter *c, uint8_t number) {
  return (uint16_t)(area(c, c->area) + AT_MARKS - 1 + number);
}

static uint16_t stored_block(uint16_t at) {
  return (uint16_t)(wk_nv_read(at + AT_BLOCK) << 8 |
                    wk_nv_read(at + AT_BLOCK + 1));
}

void wk_counter_erase(uint8_t side) {
  wk_nv_invalidate(pair_of(side));
  wk_nv_invalidate(pair_of(side) + WK_COUNTER_SIZE);
}

/* A mark that is neither free nor used was being made: its password counts. */
static uint8_t count_used(const struct wk_counter *c) {
  uint8_t used = WK_BLOCK;
  while (used > 0 && wk_nv_read(mark(c, used)) == FREE)
    used--;
  return used;
}

bool wk_counter_load(struct wk_counter *c, uint8_t side) {
  bool found = false;
  *c = (struct wk_counter){.at = pair_of(side)};
  for (uint8_t i = 0; i < 2; i++) {
    const uint16_t at = area(c, i);
    if (!wk_nv_valid(at))
      continue;
    const uint16_t block = stored_block(at);
    if (found && block < c->block)
      continue;
    c->block = block;
    c->area = i;
    found = true;
  }
  if (found)
    c->used = count_used(c);
  return found;
}

void wk_counter_start(struct wk_counter *c, uint8_t side) {
  if (wk_counter_load(c, side) && c->block == 0 && c->used == 0)
    return;
  wk_counter_erase(side);
  *c = (struct wk_counter){.at = pair_of(side), .block = NO_BLOCK};
}

bool wk_counter_took(const struct wk_counter *c) {
  return wk_nv_read(mark(c, c->used)) == USED;
}

bool wk_counter_is_prepared(const struct wk_counter *c) {
  return c->prepared >= WK_COUNTER_SIZE;
}

bool wk_counter_prepare(struct wk_counter *c) {
  const uint16_t other = area(c, c->area ^ 1u);
  const uint16_t next = c->block + 1;
  if (wk_counter_is_prepared(c))
    return false;
  if (c->prepared == 0)
    wk_nv_invalidate(other);
  else if (c->prepared >= AT_MARKS)
    wk_nv_write(other + c->prepared, FREE);
  else
    wk_nv_write(other + c->prepared,
                (uint8_t)(c->prepared == AT_BLOCK ? next >> 8 : next));
  c->prepared++;
  return true;
}

/*
 * A write towards the other area's being the one that counts, for a block that
 * need not be the one it was prepared for. It is valid only when all of it is
 * there. False: it counts.
 */
static bool turn(struct wk_counter *c, uint16_t block) {
  const uint16_t other = area(c, c->area ^ 1u);
  if (wk_counter_prepare(c))
    return true;
  switch (c->prepared++) {
  case WK_COUNTER_SIZE:
    wk_nv_write(other + AT_BLOCK, (uint8_t)(block >> 8));
    return true;
  case WK_COUNTER_SIZE + 1:
    wk_nv_write(other + AT_BLOCK + 1, (uint8_t)block);
    return true;
  default:
    wk_nv_validate(other);
  }
  c->block = block;
  c->area ^= 1u;
  c->used = 0;
  c->prepared = 0;
  return false;
}

void wk_counter_turn(struct wk_counter *c, uint16_t block) {
  while (turn(c, block)) {
  }
}

bool wk_counter_use(struct wk_counter *c, uint16_t block, uint8_t upto) {
  while (wk_nv_is_idle()) {
    if (c->block != block) {
      (void)turn(c, block);
    } else if (c->used != upto) {
      c->used = upto;
      wk_nv_write(mark(c, upto), USED);
    } else {
      return false;
    }
  }
  return true;
}

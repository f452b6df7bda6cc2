/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include "layout.h"
#include "nv.h"

enum { AT_BLOCK = 1, AT_MARKS = 3 };
_Static_assert(AT_MARKS + WK_BLOCK == WK_COUNTER_SIZE, "area");

#define FREE 0xffu
#define USED 0x00u

static uint16_t area_of(uint16_t block) {
  return (uint16_t)(WK_AT_COUNTER + (block & 1u) * WK_COUNTER_SIZE);
}

/* number: 1..32, as passwords of a block are counted */
static uint16_t mark(uint16_t block, uint8_t number) {
  return (uint16_t)(area_of(block) + AT_MARKS - 1 + number);
}

static uint16_t stored_block(uint16_t area) {
  return (uint16_t)(wk_nv_read(area + AT_BLOCK) << 8 |
                    wk_nv_read(area + AT_BLOCK + 1));
}

/* Valid only when all of it is there. */
static void open_area(uint16_t block) {
  const uint16_t area = area_of(block);
  wk_nv_write(area + AT_BLOCK, (uint8_t)(block >> 8));
  wk_nv_write(area + AT_BLOCK + 1, (uint8_t)block);
  wk_nv_validate(area);
}

void wk_counter_erase(void) {
  wk_nv_invalidate(area_of(0));
  wk_nv_invalidate(area_of(1));
}

void wk_counter_start(struct wk_counter *c) {
  wk_counter_erase();
  for (uint8_t i = 1; i <= WK_BLOCK; i++)
    wk_nv_write(mark(0, i), FREE);
  open_area(0);
  *c = (struct wk_counter){0};
}

/* A mark that is neither free nor used was being made: its password counts. */
static uint8_t count_used(uint16_t block) {
  uint8_t used = WK_BLOCK;
  while (used > 0 && wk_nv_read(mark(block, used)) == FREE)
    used--;
  return used;
}

bool wk_counter_load(struct wk_counter *c) {
  bool found = false;
  *c = (struct wk_counter){0};
  for (uint8_t i = 0; i < 2; i++) {
    const uint16_t area = area_of(i);
    if (!wk_nv_valid(area))
      continue;
    const uint16_t block = stored_block(area);
    if (!found || block > c->block)
      c->block = block;
    found = true;
  }
  if (found)
    c->used = count_used(c->block);
  return found;
}

void wk_counter_use(struct wk_counter *c, uint8_t upto) {
  c->used = upto;
  wk_nv_write(mark(c->block, upto), USED);
}

bool wk_counter_is_durable(const struct wk_counter *c) {
  return wk_nv_read(mark(c->block, c->used)) == USED;
}

bool wk_counter_prepare(struct wk_counter *c) {
  const uint16_t next = c->block + 1;
  if (c->prepared > WK_BLOCK)
    return false;
  if (c->prepared == 0)
    wk_nv_invalidate(area_of(next));
  else
    wk_nv_write(mark(next, c->prepared), FREE);
  c->prepared++;
  return true;
}

void wk_counter_turn(struct wk_counter *c) {
  while (wk_counter_prepare(c)) {
  }
  open_area(c->block + 1);
  c->block++;
  c->used = 0;
  c->prepared = 0;
}

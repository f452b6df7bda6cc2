/* SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include "layout.h"
#include "nv.h"

#define CELLS (WK_UPDATE_SIZE - 1u)

bool wk_turn_is_open(void) {
  return wk_nv_valid(WK_AT_UPDATE);
}

bool wk_turn_open(void) {
  if (wk_turn_is_new())
    wk_turn_change(0);
  wk_nv_validate(WK_AT_UPDATE);
  return wk_turn_is_open() && !wk_turn_is_new();
}

void wk_turn_close(void) {
  wk_nv_invalidate(WK_AT_UPDATE);
}

bool wk_turn_is_new(void) {
  uint8_t sum = 0;
  for (uint8_t i = 1; i <= CELLS; i++)
    sum ^= wk_nv_read(WK_AT_UPDATE + i);
  return (sum & 1u) != 0;
}

void wk_turn_change(uint32_t index) {
  const uint16_t at = (uint16_t)(WK_AT_UPDATE + 1 + index % CELLS);
  /* Half the time of any other byte: bits are all set, or all cleared. */
  wk_nv_write(at, (wk_nv_read(at) & 1u) != 0 ? 0x00 : 0xff);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <string.h>

#include <avr/io.h>

#include <whitekey/bytes.h>
#include <whitekey/port.h>

static uint8_t pool[WK_HASH_LEN];

/* pool = H(label || pool || the timer || data) */
static void stir(uint8_t out[WK_HASH_LEN], char label, const void *data,
                 size_t len) {
  const uint8_t first[3] = {(uint8_t)label, TCNT1L, TCNT1H};
  const struct wk_span parts[] = {
      {first, sizeof first}, {pool, sizeof pool}, {data, len}};
  wk_port_sha256(out, parts, sizeof parts / sizeof *parts);
}

void wk_pool_init(void) {
  extern uint8_t _end; /* of our own variables */
  TCCR1B = _BV(CS10);  /* counts cycles */
  const uint8_t *const rest = &_end;
  stir(pool, 'R', rest, (size_t)((const uint8_t *)SP - rest));
}

void wk_pool_add(const void *data, size_t len) {
  stir(pool, 'A', data, len);
}

void wk_pool_show(uint8_t out[WK_RANDOM_LEN], const void *data, size_t len) {
  stir(out, 'S', data, len);
}

void wk_pool_take(uint8_t out[WK_RANDOM_LEN]) {
  stir(out, 'T', NULL, 0);
  stir(pool, 'N', NULL, 0);
}

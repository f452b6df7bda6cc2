/* SPDX-License-Identifier: Apache-2.0 */
#include "nv.h"

#include <avr/io.h>
#include <util/atomic.h>

#define VALID 0xa5u
#define INVALID 0x00u

bool wk_nv_is_idle(void) {
  return (EECR & _BV(EEPE)) == 0;
}

void wk_nv_wait(void) {
  while (!wk_nv_is_idle()) {
  }
}

uint8_t wk_nv_read(uint16_t at) {
  wk_nv_wait();
  EEAR = at;
  EECR |= _BV(EERE);
  return EEDR;
}

void wk_nv_read_bytes(uint8_t *out, uint16_t at, uint8_t len) {
  while (len-- > 0)
    *out++ = wk_nv_read(at++);
}

/* Clearing bits, or setting all, takes half the time of doing both. */
static uint8_t mode_for(uint8_t old, uint8_t value) {
  if ((old & value) == value)
    return _BV(EEPM1);
  return value == 0xff ? _BV(EEPM0) : 0;
}

void wk_nv_write(uint16_t at, uint8_t value) {
  const uint8_t old = wk_nv_read(at);
  if (old == value)
    return;
  EEDR = value;
  EECR = mode_for(old, value);
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { /* within four cycles */
    EECR |= _BV(EEMPE);
    EECR |= _BV(EEPE);
  }
}

void wk_nv_write_bytes(uint16_t at, const uint8_t *data, uint8_t len) {
  while (len-- > 0)
    wk_nv_write(at++, *data++);
}

bool wk_nv_valid(uint16_t record) {
  return wk_nv_read(record) == VALID;
}

void wk_nv_invalidate(uint16_t record) {
  wk_nv_write(record, INVALID);
}

void wk_nv_validate(uint16_t record) {
  wk_nv_write(record, VALID);
}

bool wk_nv_put_work(struct wk_nv_put *put) {
  if (put->len == 0)
    return false;
  const uint8_t at = put->done++;
  if (at == 0) {
    wk_nv_invalidate(put->record);
  } else if (at < put->len) {
    wk_nv_write(put->record + at, put->data[at]);
  } else {
    wk_nv_validate(put->record);
    put->len = 0;
  }
  return true;
}

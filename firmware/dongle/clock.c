/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <avr/interrupt.h>
#include <avr/io.h>

/* 16 MHz / 65536 overflows a second are 15625 in 64 seconds. */
#define OVERFLOWS 15625u
#define SECONDS 64u

static volatile uint32_t now;

void wk_clock_init(void) {
  TIMSK1 = _BV(TOIE1);
}

uint32_t wk_clock_now(void) {
  const uint8_t state = SREG;
  cli();
  const uint32_t read = now;
  SREG = state;
  return read;
}

ISR(TIMER1_OVF_vect) {
  static uint16_t fraction;
  fraction += SECONDS;
  if (fraction < OVERFLOWS)
    return;
  fraction -= OVERFLOWS;
  now++;
}

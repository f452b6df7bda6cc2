/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noise.h - what is by chance in a real chip and never is in simavr: how long
 * its watchdog's oscillator takes, and the voltage of an open pin (ADC5).
 *
 * Takes the register WDTCSR over, with the watchdog as an interrupt every
 * 16 ms alone. Chance is repeatable, by a seed that goes on through power
 * cycles.
 */
#ifndef WHITEKEY_HARNESS_NOISE_H
#define WHITEKEY_HARNESS_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

enum wk_drift {
  WK_DRIFT_FREE,  /* as a real one */
  WK_DRIFT_STUCK, /* it keeps the crystal's time */
  WK_DRIFT_BIASED /* and three times out of four so */
};

struct wk_noise {
  avr_t *avr;
  avr_irq_t *pin;
  uint64_t seed;
  enum wk_drift drift;
  uint32_t ticks;
  bool pin_stuck;
};

/* Wired to a chip that has just been switched on; the rest stays. */
void wk_noise_init(struct wk_noise *n, avr_t *avr);

#endif

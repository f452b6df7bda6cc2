/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chance.h - the chip's own noise, for the pool: how many cycles of the
 * crystal the watchdog's oscillator takes for 16 ms, whose lowest byte nobody
 * foresees, and the lowest bits of the voltage at a pin that is left open.
 *
 * Each source passes the health tests of NIST SP 800-90B, 4.4, continuously:
 * repetition count and adaptive proportion over 512 samples, with false alarms
 * once in 2^30 samples. Assumed are one bit of entropy in a sample of the
 * oscillator, and a tenth of the pin, on which nothing is built. A source is
 * good after 1024 samples without an alarm, 17 seconds after power-on; after
 * one it has failed until power is switched off.
 */
#ifndef WHITEKEY_DONGLE_CHANCE_H
#define WHITEKEY_DONGLE_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

enum wk_source { WK_SOURCE_OSCILLATOR, WK_SOURCE_PIN, WK_SOURCES };

enum wk_health {
  WK_HEALTH_TESTING = 0,
  WK_HEALTH_GOOD = 1,
  WK_HEALTH_FAILED = 2
};

/* After wk_pool_init(), whose timer it reads, with interrupts off. */
void wk_chance_init(void);

/* Takes a sample that has come in, and now and then some to the pool. */
void wk_chance_work(void);

enum wk_health wk_chance_health(enum wk_source source);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - seconds since power-on, from timer 1, which counts cycles.
 */
#ifndef WHITEKEY_DONGLE_CLOCK_H
#define WHITEKEY_DONGLE_CLOCK_H

#include <stdint.h>

/* After wk_pool_init(), which starts the timer. Wakes the chip 244 times a
 * second from then on. */
void wk_clock_init(void);

uint32_t wk_clock_now(void);

#endif

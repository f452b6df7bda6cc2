/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steady.h - the clock that only goes forward (CLOCK_MONOTONIC): how long ago
 * something was, and until when a thread waits. Not the time of day.
 */
#ifndef WHITEKEY_STEADY_H
#define WHITEKEY_STEADY_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment before. */
int64_t wk_steady_ms(void);

/* ms from now, at least 0; for pthread_cond_timedwait() with a condition of
 * wk_steady_cond(). */
struct timespec wk_steady_after(int64_t ms);

/* pthread_cond_init() for a condition whose waits go by this clock; on Linux
 * that cannot fail. */
void wk_steady_cond(pthread_cond_t *cond);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers.h - who is due next: a binary heap of devices by time, one place for
 * each device, so nothing is allocated while it runs.
 */
#ifndef WK_SIM_TIMERS_H
#define WK_SIM_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#define TIMER_OFF SIZE_MAX

struct timer {
  uint64_t due;
  size_t place; /* in the heap, TIMER_OFF: not there */
};

struct timers {
  struct timer **heap; /* room for every timer */
  size_t count;
};

/* Sets or moves the timer. */
void timers_set(struct timers *timers, struct timer *timer, uint64_t due);
void timers_clear(struct timers *timers, struct timer *timer);

/* The one that is due first, or NULL. */
struct timer *timers_first(const struct timers *timers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - a device's clock: the machine's, off by a skew and drifting. */
#ifndef WK_SIM_CLOCK_H
#define WK_SIM_CLOCK_H

#include "habits.h"
#include "rng.h"

struct clock {
  int64_t began_ms; /* Unix time at which only the skew was wrong */
  int64_t skew_ms;
  double drift; /* seconds a second */
};

/* Evenly within what the habits allow, either way. */
void clock_init(struct clock *clock, const struct habits *habits,
                uint64_t seed, uint32_t device, int64_t now_ms);

/* Milliseconds of the machine's clock, and what the device makes of them. */
int64_t clock_machine_ms(void);
uint64_t clock_ms(const struct clock *clock, int64_t machine_ms);

/* A wk_clock: context is a struct clock. */
uint32_t clock_seconds(void *context);

#endif

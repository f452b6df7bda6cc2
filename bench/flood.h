/* SPDX-License-Identifier: Apache-2.0 */
/* flood.h - what a flood of forged logins does to honest ones. */
#ifndef WK_BENCH_FLOOD_H
#define WK_BENCH_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet.h"

#define FLOOD_LOGINS 18000u /* honest ones that a run makes */

struct flood {
  double quiet_p99, flooded_p99; /* of honest logins, microseconds */
  double rate;                   /* of the flood, logins a second */
  size_t not_accepted;           /* honest logins */
};

/*
 * Honest logins at a quiet pace, with and without a flood, by turns; the
 * figures are medians. Without a fleet nobody is checked, and the flood is
 * connects that are let in: what as many of them cost the broker itself.
 */
bool flood_run(struct flood *flood, uint16_t port, struct fleet *fleet);

#endif

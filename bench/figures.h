/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - what a benchmark measured: a table to read and JSON to keep. */
#ifndef WK_BENCH_FIGURES_H
#define WK_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flood.h"

#define ROUNDS_MAX 99u

/* One entry, round by round; all but the rate in microseconds. */
struct figures {
  const char *name;
  const struct figures *anonymous, *password; /* what it is compared with */
  unsigned rounds;
  double rate[ROUNDS_MAX], p50[ROUNDS_MAX], p99[ROUNDS_MAX];
  /* Processor time a connect: the broker's loop; all its threads, what they
   * write afterwards included; the load generator. */
  double loop[ROUNDS_MAX], all[ROUNDS_MAX], load[ROUNDS_MAX];
  size_t not_accepted;
};

/* The largest fleet. */
struct fleet_figures {
  uint32_t devices;
  double start_seconds, device_bytes;
  struct flood ours, anonymous;
};

/* Of at most ROUNDS_MAX values. */
double figures_median(const double *values, unsigned count);

void figures_print(const struct figures *entries, size_t count,
                   const struct fleet_figures *fleet);
bool figures_write(const char *path, const struct figures *entries,
                   size_t count, const struct fleet_figures *fleet);

#endif

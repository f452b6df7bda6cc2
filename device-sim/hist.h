/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hist.h - a histogram of durations in fixed memory: 32 buckets for each
 * doubling, so a percentile is at most 1/32 (3 %) above the true one.
 */
#ifndef WK_SIM_HIST_H
#define WK_SIM_HIST_H

#include <stdint.h>

#define HIST_STEPS 32u
#define HIST_BUCKETS (HIST_STEPS * 60u)

struct hist {
  uint64_t count;
  uint64_t max;
  uint64_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t ns);

/* The duration that per_mille of all do not exceed; 0 without any. */
uint64_t hist_quantile(const struct hist *hist, unsigned per_mille);

#endif

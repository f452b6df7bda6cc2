/* SPDX-License-Identifier: Apache-2.0 */
#include "hist.h"

#include <stddef.h>

static unsigned log2_floor(uint64_t value) {
  return 63u - (unsigned)__builtin_clzll(value);
}

/* Below 32 a bucket each; above, the five bits after the highest. */
static size_t bucket_of(uint64_t ns) {
  if (ns < HIST_STEPS)
    return (size_t)ns;
  const unsigned shift = log2_floor(ns) - 5;
  return (size_t)(HIST_STEPS * (shift + 1) + (ns >> shift) - HIST_STEPS);
}

static uint64_t bucket_top(size_t bucket) {
  if (bucket < HIST_STEPS)
    return bucket;
  const unsigned shift = (unsigned)(bucket / HIST_STEPS) - 1;
  const uint64_t base = bucket % HIST_STEPS + HIST_STEPS;
  return ((base + 1) << shift) - 1;
}

void hist_add(struct hist *hist, uint64_t ns) {
  hist->count++;
  hist->bucket[bucket_of(ns)]++;
  if (ns > hist->max)
    hist->max = ns;
}

uint64_t hist_quantile(const struct hist *hist, unsigned per_mille) {
  const uint64_t rank = (hist->count * per_mille + 999) / 1000;
  uint64_t seen = 0;
  for (size_t i = 0; i < HIST_BUCKETS && rank > 0; i++) {
    seen += hist->bucket[i];
    if (seen >= rank)
      return bucket_top(i) < hist->max ? bucket_top(i) : hist->max;
  }
  return 0;
}

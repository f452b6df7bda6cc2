/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <time.h>

#define MILLION 1e6

void clock_init(struct clock *clock, const struct habits *habits,
                uint64_t seed, uint32_t device, int64_t now_ms) {
  struct rng rng;
  rng_init(&rng, seed, device, RNG_CLOCK);
  /* Whole seconds: a login's time has no others. */
  const int64_t most = (int64_t)habits->skew;
  const int64_t skew = (int64_t)rng_below(&rng, (double)(2 * most + 1)) - most;
  clock->began_ms = now_ms;
  clock->skew_ms = skew * 1000;
  clock->drift =
      (rng_below(&rng, 2 * habits->drift) - habits->drift) / MILLION;
}

int64_t clock_machine_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t clock_ms(const struct clock *clock, int64_t machine_ms) {
  const double since = (double)(machine_ms - clock->began_ms);
  const int64_t ms =
      machine_ms + clock->skew_ms + (int64_t)(since * clock->drift);
  return ms > 0 ? (uint64_t)ms : 0;
}

uint32_t clock_seconds(void *context) {
  const uint64_t seconds = clock_ms(context, clock_machine_ms()) / 1000;
  return seconds <= UINT32_MAX ? (uint32_t)seconds : 0;
}

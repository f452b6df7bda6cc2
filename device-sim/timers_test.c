/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "rng.h"
#include "timers.h"

#define COUNT 200u

static struct timer timer[COUNT];
static struct timer *heap[COUNT];

Test(timers, first__always_the_earliest_of_those_set) {
  struct timers timers = {heap, 0};
  struct rng rng;
  rng_init(&rng, 3, 0, RNG_PAUSE);
  for (size_t i = 0; i < COUNT; i++)
    timer[i].place = TIMER_OFF;
  for (int round = 0; round < 4000; round++) {
    struct timer *t = &timer[rng_range(&rng, 0, COUNT - 1)];
    if (rng_range(&rng, 0, 3) == 0)
      timers_clear(&timers, t);
    else
      timers_set(&timers, t, (uint64_t)rng_range(&rng, 0, 1000));
    uint64_t earliest = UINT64_MAX;
    size_t set = 0;
    for (size_t i = 0; i < COUNT; i++) {
      if (timer[i].place == TIMER_OFF)
        continue;
      set++;
      if (timer[i].due < earliest)
        earliest = timer[i].due;
    }
    const struct timer *first = timers_first(&timers);
    cr_assert_eq(timers.count, set);
    cr_assert(set == 0 ? !first : first && first->due == earliest);
  }
}

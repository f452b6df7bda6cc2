/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <stdio.h>
#include <string.h>

#include "world.h"

const char *schedule_run(const struct schedule *schedule, bool trace) {
  static struct world world; /* too large for a stack */
  static char broken[sizeof world.judge.broken];
  world_begin(&world, schedule);
  world.trace = trace;
  for (uint32_t i = 0; i < schedule->count && world.judge.broken[0] == '\0';
       i++) {
    act(&world, &schedule->steps[i]);
    judge_step(&world);
  }
  if (world.judge.broken[0] == '\0') {
    world_say(&world, "  all faults end\n");
    judge_end(&world);
    judge_step(&world);
  }
  memcpy(broken, world.judge.broken, sizeof broken);
  world_end(&world);
  return broken;
}

static bool breaks_alike(const struct schedule *schedule,
                         const char invariant[3]) {
  return strncmp(schedule_run(schedule, false), invariant, 3) == 0;
}

/* Without `size` steps from `at`. */
static struct schedule without(const struct schedule *schedule, uint32_t at,
                               uint32_t size) {
  struct schedule less = *schedule;
  less.count -= size;
  memmove(&less.steps[at], &schedule->steps[at + size],
          (schedule->count - at - size) * sizeof *less.steps);
  return less;
}

void schedule_shrink(struct schedule *schedule) {
  char invariant[3];
  memcpy(invariant, schedule_run(schedule, false), sizeof invariant);
  for (uint32_t size = STEPS_MAX / 2; size > 0; size /= 2) {
    uint32_t at = 0;
    while (at + size <= schedule->count) {
      const struct schedule less = without(schedule, at, size);
      if (breaks_alike(&less, invariant))
        *schedule = less;
      else
        at++;
    }
  }
}

void schedule_print(const struct schedule *schedule) {
  static const char *const modes[] = {"no challenge", "always a challenge",
                                      "a challenge at times"};
  static const char *const whens[] = {"at a quarter", "every session",
                                      "never"};
  const struct setup *setup = &schedule->setup;
  (void)printf(
      "seed %llu: chain of %u from %u, window %u, %s, updates %s%s%s%s%s\n",
      (unsigned long long)schedule->seed, (unsigned)setup->n,
      (unsigned)setup->start, (unsigned)setup->window, modes[setup->challenge],
      whens[setup->when], setup->user ? ", with a user" : "",
      setup->clockless ? ", no clock" : "",
      setup->forgetful ? ", forgets the time" : "",
      setup->hurried ? ", hurried" : "");
  (void)printf("  -> %s\n", schedule_run(schedule, true));
}

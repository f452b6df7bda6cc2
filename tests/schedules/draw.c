/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "schedule.h"
#include "seeded.h"

/* How often each kind of step comes, before a schedule's own mood. */
static const unsigned usual[KIND_COUNT] = {
    [STEP_LOGIN] = 60,  [STEP_DELIVER] = 10,     [STEP_REPEAT] = 8,
    [STEP_LATE_X3] = 4, [STEP_DEVICE_CRASH] = 3, [STEP_SERVER_CRASH] = 4,
    [STEP_RESTART] = 2, [STEP_OUTAGE] = 3,       [STEP_FLUSH] = 8,
    [STEP_CLOCK] = 6,   [STEP_COPY] = 3,         [STEP_RELEASE] = 3,
    [STEP_FORGE] = 12,  [STEP_BACKUP] = 4,       [STEP_RESTORE] = 3};

static void draw_setup(struct setup *setup, uint64_t *s) {
  static const uint32_t windows[] = {4096, 4096, 4096, 130};
  static const uint32_t lengths[] = {256, 256, 256, CHAIN_MAX};
  static const enum wk_update_when whens[] = {
      WK_UPDATE_SESSION, WK_UPDATE_SESSION, WK_UPDATE_QUARTER,
      WK_UPDATE_QUARTER, WK_UPDATE_NEVER};
  memset(setup, 0, sizeof *setup);
  setup->user = seeded_below(s, 4) == 0;
  setup->copied = seeded_below(s, 2) == 0;
  setup->clockless = seeded_below(s, 6) == 0;
  setup->forgetful = seeded_below(s, 8) == 0;
  setup->forged = seeded_below(s, 6) == 0;
  setup->restored = seeded_below(s, 6) == 0;
  setup->hurried = seeded_below(s, setup->restored ? 2 : 4) == 0;
  const uint32_t challenge = seeded_below(s, 6);
  setup->challenge = challenge == 0   ? CHALLENGE_ALWAYS
                     : challenge == 1 ? CHALLENGE_MIXED
                                      : CHALLENGE_NEVER;
  setup->when = whens[seeded_below(s, 5)];
  setup->n = lengths[seeded_below(s, 4)];
  /* A forger wants walks that are long. */
  setup->window = windows[seeded_below(s, 4) | (setup->forged ? 2 : 0)];
  const uint32_t from = seeded_below(s, 4);
  setup->start = from < 2    ? 1
                 : from == 2 ? 1 + seeded_below(s, 120)
                             : 1 + seeded_below(s, setup->n - 1);
}

/* A schedule's mood: some kinds come more often, some not at all. */
static void draw_moods(unsigned weight[KIND_COUNT], const struct setup *setup,
                       uint64_t *s) {
  static const unsigned moods[] = {0, 1, 1, 1, 3};
  for (unsigned i = 0; i < KIND_COUNT; i++)
    weight[i] = usual[i] * (i == STEP_LOGIN ? 1 : moods[seeded_below(s, 5)]);
  if (!setup->copied)
    weight[STEP_COPY] = 0;
  if (!setup->forged)
    weight[STEP_FORGE] = 0;
  if (!setup->restored)
    weight[STEP_BACKUP] = weight[STEP_RESTORE] = 0;
}

static enum kind draw_kind(const unsigned weight[KIND_COUNT], uint64_t *s) {
  unsigned sum = 0;
  for (unsigned i = 0; i < KIND_COUNT; i++)
    sum += weight[i];
  unsigned at = seeded_below(s, sum);
  unsigned kind = 0;
  while (at >= weight[kind])
    at -= weight[kind++];
  return (enum kind)kind;
}

/* The two take turns, or one is busy for a while. */
static unsigned draw_who(unsigned before, const struct setup *setup,
                         unsigned steadiness, uint64_t *s) {
  if (!setup->copied)
    return 0;
  return seeded_below(s, steadiness) == 0 ? 1 - before : before;
}

void schedule_draw(struct schedule *schedule, uint64_t seed) {
  uint64_t s = seed;
  unsigned weight[KIND_COUNT];
  memset(schedule, 0, sizeof *schedule);
  schedule->seed = seed;
  draw_setup(&schedule->setup, &s);
  draw_moods(weight, &schedule->setup, &s);
  schedule->count = 20 + seeded_below(&s, 41);
  const unsigned steadiness = 1 + seeded_below(&s, 12);
  unsigned who = 0;
  for (uint32_t i = 0; i < schedule->count; i++) {
    struct step *step = &schedule->steps[i];
    who = draw_who(who, &schedule->setup, steadiness, &s);
    step->kind = draw_kind(weight, &s);
    step->who = who;
    step->luck = (uint32_t)seeded_next(&s);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - a random schedule: who does what, and how it goes wrong. It
 * follows from its seed alone, and every step carries its own luck, so that
 * steps can be left out and the others stay what they were.
 */
#ifndef WHITEKEY_SCHEDULES_SCHEDULE_H
#define WHITEKEY_SCHEDULES_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/client.h>

#define STEPS_MAX 64u
#define CHAIN_MAX 300u /* longest chain of a schedule */

enum kind {
  STEP_LOGIN,
  STEP_DELIVER, /* a message that was withheld */
  STEP_REPEAT,  /* one that was delivered before */
  STEP_LATE_X3, /* an X3 that was withheld */
  STEP_DEVICE_CRASH,
  STEP_SERVER_CRASH,
  STEP_RESTART, /* a clean one */
  STEP_OUTAGE,  /* begins or ends */
  STEP_FLUSH,
  STEP_CLOCK, /* a device's steps */
  STEP_COPY,  /* the device is copied as it is now */
  STEP_RELEASE,
  STEP_FORGE,  /* a forger, who has keys but no chain, sends something */
  STEP_BACKUP, /* of the registry */
  STEP_RESTORE
};
#define KIND_COUNT 15u

struct step {
  enum kind kind;
  unsigned who;  /* 0: the original, 1: its copy, if there is one */
  uint32_t luck; /* what goes wrong, and how much time passes before */
};

enum challenge_mode { CHALLENGE_NEVER, CHALLENGE_ALWAYS, CHALLENGE_MIXED };

struct setup {
  bool user;      /* with a chain D */
  bool copied;    /* a copy may be made */
  bool clockless; /* the original has no clock */
  bool forgetful; /* it cannot keep its last time through a power loss */
  bool forged;    /* a forger takes part */
  bool restored;  /* the registry may be restored from a backup */
  bool hurried;   /* little time passes between steps */
  enum challenge_mode challenge;
  enum wk_update_when when;
  uint32_t n;      /* chain length */
  uint32_t start;  /* index of the first login */
  uint32_t window; /* policy */
};

struct schedule {
  uint64_t seed;
  struct setup setup;
  uint32_t count;
  struct step steps[STEPS_MAX];
};

void schedule_draw(struct schedule *schedule, uint64_t seed);

/* A schedule that once broke an invariant; false: there are no more. */
bool schedule_known(struct schedule *schedule, uint32_t number);

/* Runs it. "": nothing is broken; else the broken invariant, for example
 * "I1: ...". With trace every step is printed with what came of it. */
const char *schedule_run(const struct schedule *schedule, bool trace);

/* Leaves out what the same invariant breaks without. */
void schedule_shrink(struct schedule *schedule);

void schedule_print(const struct schedule *schedule);

#endif

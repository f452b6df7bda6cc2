/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules that found something, kept whatever becomes of the seeds; their
 * own is 0. */
#include "schedule.h"

#define X3_LOST (5u << 5)
#define X3_WITHHELD (6u << 5)
#define COMMIT_UNANSWERED 2u
#define CLOCK_AT_LIMIT (1u << 18)

static const struct schedule known[] = {
    /* An X3's commit fails and is durable all the same; the device is told
     * that there is no update, the server is killed and finds it again: a
     * lone device was told of a theft, or refused at every second login. */
    {.seed = 0,
     .setup =
         {.n = 256, .start = 1, .window = 4096, .when = WK_UPDATE_SESSION},
     .count = 8,
     .steps = {{STEP_LOGIN, 0, X3_WITHHELD},
               {STEP_FLUSH, 0, 0},
               {STEP_OUTAGE, 0, COMMIT_UNANSWERED},
               {STEP_LATE_X3, 0, 0},
               {STEP_OUTAGE, 0, 0},
               {STEP_FLUSH, 0, 0},
               {STEP_LOGIN, 0, X3_LOST},
               {STEP_SERVER_CRASH, 0, 0}}},
    /* A clock as far ahead as row 5 lets it be, and a restore within the
     * second: not_before must lie behind that time. (From index 130: it is
     * behind the first promise.) */
    {.seed = 0,
     .setup =
         {.n = 256, .start = 130, .window = 4096, .when = WK_UPDATE_NEVER},
     .count = 5,
     .steps = {{STEP_CLOCK, 0, CLOCK_AT_LIMIT},
               {STEP_BACKUP, 0, 0},
               {STEP_LOGIN, 0, 0},
               {STEP_RESTORE, 0, 0},
               {STEP_REPEAT, 0, 0}}},
};

bool schedule_known(struct schedule *schedule, uint32_t number) {
  if (number >= sizeof known / sizeof *known)
    return false;
  *schedule = known[number];
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * habits.h - how a simulated device behaves: the options of that name for the
 * whole fleet, and members of a profile for its devices alone.
 *
 * What a device decides (churn, loss) follows from the seed and from what
 * happened to it, never from the time: the same seed decides the same on a
 * slow machine.
 */
#ifndef WK_SIM_HABITS_H
#define WK_SIM_HABITS_H

#include <stdbool.h>
#include <stddef.h>

struct habits {
  double rate;  /* readings a second; 0: none, INFINITY: as fast as it goes */
  double churn; /* percent: leaves without a word after a reading */
  double sleep; /* seconds between two times awake; 0: never sleeps */
  double awake; /* readings each time */
  double loss;  /* percent of the packets, each way */
  double delay; /* milliseconds that what a device sends leaves later */
  double skew;  /* seconds that its clock is wrong, at most, either way */
  double drift; /* millionths that it is fast or slow, at most */
};

struct habit {
  const char *name; /* as an option and as a member */
  size_t at;        /* in struct habits */
  double min, max;
  bool whole;
};

#define HABITS 8u
extern const struct habit habits_all[HABITS];

/* False: value is not one that this habit can have. */
bool habit_set(struct habits *habits, const struct habit *habit, double value);

#endif

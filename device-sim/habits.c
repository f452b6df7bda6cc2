/* SPDX-License-Identifier: Apache-2.0 */
#include "habits.h"

#include <math.h>
#include <string.h>

#define HABIT(name, min, max, whole)                                          \
  { #name, offsetof(struct habits, name), min, max, whole }

const struct habit habits_all[HABITS] = {
    HABIT(rate, 0, 1e5, false),    HABIT(churn, 0, 100, false),
    HABIT(sleep, 0, 86400, false), HABIT(awake, 1, 1e6, true),
    HABIT(loss, 0, 50, false),     HABIT(delay, 0, 60000, false),
    HABIT(skew, 0, 1e8, false),    HABIT(drift, 0, 1e6, false),
};

bool habit_set(struct habits *habits, const struct habit *habit,
               double value) {
  /* Only a rate may be without end: "unlimited" is read as INFINITY. */
  const bool endless =
      isinf(value) && value > 0 && habit->at == offsetof(struct habits, rate);
  const bool within = value >= habit->min && value <= habit->max &&
                      (!habit->whole || floor(value) == value);
  if (!endless && !within)
    return false;
  memcpy((char *)habits + habit->at, &value, sizeof value);
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <math.h>

#include "habits.h"

Test(habits, set__takes_the_range_and_nothing_beside_it) {
  for (size_t i = 0; i < HABITS; i++) {
    const struct habit *habit = &habits_all[i];
    struct habits habits = {0};
    cr_assert(habit_set(&habits, habit, habit->min), "%s", habit->name);
    cr_assert(habit_set(&habits, habit, habit->max), "%s", habit->name);
    cr_assert(!habit_set(&habits, habit, habit->min - 0.001));
    cr_assert(!habit_set(&habits, habit, habit->max + 0.001));
    cr_assert(!habit_set(&habits, habit, NAN));
    cr_assert(!habit_set(&habits, habit, -INFINITY));
    cr_assert_eq(habit_set(&habits, habit, INFINITY), i == 0);
    cr_assert_eq(habit_set(&habits, habit, habit->min + 0.5), !habit->whole);
  }
}

Test(habits, set__each_has_a_place_of_its_own) {
  struct habits habits = {0};
  for (size_t i = 0; i < HABITS; i++)
    cr_assert(habit_set(&habits, &habits_all[i], (double)i + 1));
  cr_assert(habits.rate == 1 && habits.churn == 2 && habits.sleep == 3 &&
            habits.awake == 4 && habits.loss == 5 && habits.delay == 6 &&
            habits.skew == 7 && habits.drift == 8);
}

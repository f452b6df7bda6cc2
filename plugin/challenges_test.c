/* SPDX-License-Identifier: Apache-2.0 */
#include "challenges.h"

#include <criterion/criterion.h>
#include <string.h>

/* Connections are compared, never followed. */
static char connections[WK_CHALLENGES_MAX + 2];
static const struct mosquitto *client(size_t i) {
  return (const struct mosquitto *)(const void *)&connections[i];
}

static struct wk_challenges *challenges;
static struct wk_challenge got;
static char did[WK_DID_MAX + 1];

static void setup(void) {
  challenges = wk_challenges_new();
  cr_assert(challenges);
}

static void teardown(void) {
  wk_challenges_free(challenges);
}

TestSuite(challenges, .init = setup, .fini = teardown);

static void add(size_t i, uint8_t mark, int64_t now) {
  const struct wk_challenge given = {.bytes = {mark}, .c_last = mark};
  cr_assert(wk_challenges_add(challenges, client(i), "d", &given, now));
}

static enum wk_challenge_state take(size_t i, int64_t now) {
  return wk_challenges_take(challenges, client(i), now, did, &got);
}

Test(challenges, take__gives_it_once) {
  add(0, 1, 0);
  add(1, 2, 0);
  cr_assert_eq(take(0, 1), WK_CHALLENGE_GOOD);
  cr_assert_eq(got.bytes[0], 1);
  cr_assert_eq(got.c_last, 1);
  cr_assert_str_eq(did, "d");
  cr_assert_eq(take(0, 1), WK_CHALLENGE_NONE);
  cr_assert_eq(take(1, 1), WK_CHALLENGE_GOOD);
}

Test(challenges, take__none_of_another_connection) {
  add(0, 1, 0);
  cr_assert_eq(take(1, 1), WK_CHALLENGE_NONE);
}

Test(challenges, take__late_after_its_time) {
  add(0, 1, 5);
  cr_assert_eq(take(0, 4 + WK_CHALLENGE_MS), WK_CHALLENGE_GOOD);
  add(0, 1, 5);
  cr_assert_eq(take(0, 5 + WK_CHALLENGE_MS), WK_CHALLENGE_LATE);
  cr_assert_str_eq(did, "d");
}

Test(challenges, add__replaces_what_the_connection_had) {
  add(0, 1, 0);
  add(0, 2, 0);
  cr_assert_eq(take(0, 1), WK_CHALLENGE_GOOD);
  cr_assert_eq(got.bytes[0], 2);
  cr_assert_eq(take(0, 1), WK_CHALLENGE_NONE);
}

Test(challenges, forget__ended_connection_has_none) {
  add(0, 1, 0);
  wk_challenges_forget(challenges, client(0));
  wk_challenges_forget(challenges, client(1));
  cr_assert_eq(take(0, 1), WK_CHALLENGE_NONE);
}

Test(challenges, add__late_ones_make_room) {
  add(0, 1, 0);
  add(1, 2, WK_CHALLENGE_MS);
  cr_assert_eq(take(0, WK_CHALLENGE_MS), WK_CHALLENGE_NONE);
}

Test(challenges, add__oldest_goes_when_full) {
  for (size_t i = 0; i <= WK_CHALLENGES_MAX; i++)
    add(i, 1, 0);
  cr_assert_eq(take(0, 1), WK_CHALLENGE_NONE);
  for (size_t i = 1; i <= WK_CHALLENGES_MAX; i++)
    cr_assert_eq(take(i, 1), WK_CHALLENGE_GOOD);
}

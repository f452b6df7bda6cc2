/* SPDX-License-Identifier: Apache-2.0 */
/* Which chain is next, row by row, and what each end of a login decides. */
#include <criterion/criterion.h>

#include <string.h>

#include "device_fixture.h"
#include "spend.h"

#define N 300u

static struct wk_credential device;

/* An update that began in the session of login 1. */
static void begin_update(enum wk_role role) {
  struct wk_credential_update *update =
      role == WK_ROLE_C ? &device.c_update : &device.d_update;
  wk_credential_chain_new(&update->chain, N);
  update->chain.epoch = 1;
  update->after = 1;
}

static void begin(void) {
  device_make(&device, N, true);
  device.c.next = 2;
  device.d.next = 2;
}

TestSuite(spend, .init = begin);

static struct spent take(enum wk_role role) {
  struct spent spent;
  cr_assert_eq(spend(&spent, &device, role), WK_OK);
  return spent;
}

/* The epochs of the next logins, as digits. */
static void epochs_are(enum wk_role role, const char *epochs) {
  for (const char *e = epochs; *e; e++)
    cr_assert_eq(take(role).epoch, (uint32_t)(*e - '0'), "%s at %d", epochs,
                 (int)(e - epochs));
}

Test(spend, turn__one_update_alternates_from_the_old_chain) {
  begin_update(WK_ROLE_C);
  epochs_are(WK_ROLE_C, "0101010");
  epochs_are(WK_ROLE_D, "0000000");
  cr_assert_eq(device.c.next, 6u);
  cr_assert_eq(device.c_update.chain.next, 4u);
}

Test(spend, turn__of_the_user_alone_is_the_same) {
  begin_update(WK_ROLE_D);
  epochs_are(WK_ROLE_D, "0101010");
  epochs_are(WK_ROLE_C, "0000000");
}

Test(spend, turn__two_updates_try_every_pair_within_four) {
  for (uint32_t c = 0; c < WK_TURNS; c++) {
    for (uint32_t d = 0; d < WK_TURNS; d++) {
      bool seen[4] = {false, false, false, false};
      begin();
      begin_update(WK_ROLE_C);
      begin_update(WK_ROLE_D);
      device.c_update.turn = c;
      device.d_update.turn = d;
      for (int i = 0; i < 4; i++) {
        const uint32_t pair = take(WK_ROLE_C).epoch * 2;
        seen[pair + take(WK_ROLE_D).epoch] = true;
      }
      cr_assert(seen[0] && seen[1] && seen[2] && seen[3], "from %u, %u",
                (unsigned)c, (unsigned)d);
    }
  }
}

Test(spend, turn__a_phone_goes_at_half_the_pace) {
  begin_update(WK_ROLE_D);
  memset(&device.c, 0, sizeof device.c);
  epochs_are(WK_ROLE_D, "001100");
}

Test(spend, turn__a_spent_chain_leaves_the_other) {
  begin_update(WK_ROLE_C);
  device.c.next = N + 1;
  epochs_are(WK_ROLE_C, "111");
  device.c.next = N - 1;
  device.c_update.chain.next = N + 1;
  epochs_are(WK_ROLE_C, "00");
  struct spent spent;
  cr_assert_eq(spend(&spent, &device, WK_ROLE_C), WK_ERR_EXHAUSTED);
  cr_assert(!spent.present);
}

Test(spend, refused__each_chain_climbs_by_itself) {
  begin_update(WK_ROLE_C);
  const uint32_t old[] = {2, 3, 5, 9, 17, 33, 65, 129, 130};
  const uint32_t new[] = {1, 2, 4, 8, 16, 32, 64, 128, 129};
  for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
    struct spent spent = take(WK_ROLE_C);
    cr_assert_eq(spent.index, old[i]);
    spend_refused(&device, WK_ROLE_C, &spent);
    spent = take(WK_ROLE_C);
    cr_assert_eq(spent.epoch, 1u);
    cr_assert_eq(spent.index, new[i]);
    spend_refused(&device, WK_ROLE_C, &spent);
  }
  cr_assert_eq(device.c.refusals, WK_REFUSALS_MAX);
}

Test(spend, refused__a_chain_that_is_gone_climbs_nowhere) {
  const struct wk_credential before = device;
  const struct spent gone = {true, 5, 2, true};
  spend_refused(&device, WK_ROLE_C, &gone);
  cr_assert_eq(memcmp(&before, &device, sizeof device), 0);
}

/* How a login of an epoch and index ends, and what is left of the update. */
enum left { BOTH, NEW_NEXT, OLD, NEW };
struct row {
  uint32_t epoch, index;
  int status; /* 0: accepted, no X4 */
  enum left left;
};

static const struct row rows[] = {
    {0, 1, 0, BOTH}, /* the login of before knows nothing of it */
    {0, 1, WK_STATUS_ACCEPTED, BOTH},
    {0, 1, WK_STATUS_PENDING, BOTH},
    {0, 2, 0, NEW_NEXT},
    {0, 2, WK_STATUS_ACCEPTED, OLD},
    {0, 2, WK_STATUS_PENDING, NEW_NEXT},
    {0, 2, WK_STATUS_SWITCHED, NEW_NEXT}, /* says nothing of the new one */
    {1, 1, 0, NEW_NEXT},
    {1, 1, WK_STATUS_SWITCHED, NEW},
    {1, 2, WK_STATUS_ACCEPTED, NEW}, /* the X4 of the switch was lost */
    {1, 2, WK_STATUS_PENDING, NEW},
    {7, 1, WK_STATUS_ACCEPTED, BOTH}, /* settled and gone meanwhile */
};

static enum left what_is_left(void) {
  if (device.c_update.chain.present)
    return device.c_update.turn == 3 ? NEW_NEXT : BOTH;
  return device.c.epoch == 1 ? NEW : OLD;
}

Test(spend, answered__every_row) {
  static const struct wk_credential_update none;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    begin();
    begin_update(WK_ROLE_C);
    const struct spent spent = {true, row->epoch, row->index, true};
    bool changed = spend_accepted(&device, WK_ROLE_C, &spent);
    if (row->status != 0 && spend_answered(&device, WK_ROLE_C, &spent,
                                           (enum wk_status)row->status))
      changed = true;
    cr_assert_eq(what_is_left(), row->left, "row %zu", i);
    cr_assert_eq(changed, row->left != BOTH, "row %zu", i);
    if (!device.c_update.chain.present) /* its seed is erased */
      cr_assert_eq(memcmp(&device.c_update, &none, sizeof none), 0);
  }
}

Test(spend, accepted__ends_the_climb_of_both_chains) {
  begin_update(WK_ROLE_C);
  device.c.refusals = 3;
  device.c_update.chain.refusals = 2;
  const struct spent spent = {true, 0, 1, false};
  cr_assert(spend_accepted(&device, WK_ROLE_C, &spent));
  cr_assert_eq(device.c.refusals, 0u);
  cr_assert_eq(device.c_update.chain.refusals, 0u);
  cr_assert(!spend_accepted(&device, WK_ROLE_C, &spent));
}

/* What an X4 says, and whether that can be our own doing. */
struct claim {
  bool updating;     /* at the login */
  bool open;         /* now */
  uint32_t new_next; /* of the open update's chain */
  uint32_t epoch;    /* of the login; 9: it answers an X3 */
  enum wk_status status;
  uint32_t server; /* the epoch it has */
  bool foreign;
};

static const struct claim claims[] = {
    {false, false, 0, 0, WK_STATUS_ACCEPTED, 0, false},
    {false, false, 0, 0, WK_STATUS_SWITCHED, 0, true},
    {false, false, 0, 0, WK_STATUS_PENDING, 0, true},
    {false, false, 0, 0, WK_STATUS_ACCEPTED, 1, true},
    {true, false, 0, 0, WK_STATUS_SWITCHED, 0, false}, /* settled meanwhile */
    {true, true, 2, 1, WK_STATUS_SWITCHED, 1, false},
    {true, true, 1, 0, WK_STATUS_PENDING, 0, false},
    {true, true, 1, 0, WK_STATUS_SWITCHED, 1, true}, /* we never used it */
    {true, true, 2, 1, WK_STATUS_SWITCHED, 2, true},
    {false, true, 1, 0, WK_STATUS_PENDING, 0, false}, /* begun since */
    {false, true, 1, 9, WK_STATUS_REFUSED, 0, false},
    {false, true, 1, 9, WK_STATUS_REFUSED, 1, true},
    {false, true, 2, 9, WK_STATUS_REFUSED, 1, false},
    {false, true, 2, 9, WK_STATUS_REFUSED, 2, true},
};

Test(spend, foreign__every_claim) {
  for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
    const struct claim *claim = &claims[i];
    begin();
    if (claim->open) {
      begin_update(WK_ROLE_D);
      device.d_update.chain.next = claim->new_next;
    }
    const struct spent spent = {true, claim->epoch, 2, claim->updating};
    const struct wk_reply reply = {
        .status = claim->status, .role = WK_ROLE_D, .epoch = claim->server};
    cr_assert_eq(
        spend_foreign(&device, claim->epoch == 9 ? NULL : &spent, &reply),
        claim->foreign, "claim %zu", i);
  }
  memset(&device.d, 0, sizeof device.d);
  const struct wk_reply of_d = {
      .status = WK_STATUS_SWITCHED, .role = WK_ROLE_D, .epoch = 1};
  cr_assert(!spend_foreign(&device, NULL, &of_d), "the phone's business");
}

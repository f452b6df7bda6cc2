/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key updates between the real client, on its file, and the real server, in a
 * process that can be killed: protocol section 6, interrupted between any two
 * steps on either side. After every interruption the old or the new chain is
 * valid, never neither, and no index is ever drawn twice.
 *
 * A tale is four logins; the session of the first sends the X3. One of its
 * steps goes wrong, then nothing does any more. A journey updates in every
 * session, and anything goes wrong at random before all is well again.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "updating.h"

#define FAULTS (LUCKS * 2u * FATES)
#define STEPS 5u /* login, X3, login, login, login */
#define JOURNEYS 10u

TestSuite(key_update, .init = updating_begin, .fini = updating_end);

static const struct fault none = {LUCK_GOOD, false, FATE_LIVES};

static struct fault fault_of(unsigned number) {
  return (struct fault){(enum luck)(number / (2 * FATES)),
                        number / FATES % 2 == 1, (enum fate)(number % FATES)};
}

static void tell(enum holder holder, unsigned step, unsigned number) {
  char tale[80];
  (void)snprintf(tale, sizeof tale, "holder %d, step %u, fault %u",
                 (int)holder, step, number);
  updating_enrol(holder);
  for (unsigned s = 0; s < STEPS; s++) {
    const struct fault fault = s == step ? fault_of(number) : none;
    if (s == 1)
      updating_update(WK_UPDATE_SESSION, &fault);
    else
      (void)updating_log_in(&fault);
  }
  updating_settle(tale);
}

static void every_interruption(enum holder holder) {
  for (unsigned step = 0; step < STEPS; step++)
    for (unsigned fault = 0; fault < FAULTS; fault++)
      tell(holder, step, fault);
  cr_log_info("at most %u attempts", updating_attempts());
}

/* Two of three steps go well, or no update would get far. */
static struct fault any_fault(unsigned *seed) {
  const unsigned number = (unsigned)rand_r(seed);
  return number % 3 == 0 ? fault_of(number / 3 % FAULTS) : none;
}

static void journey(enum holder holder, unsigned number) {
  char tale[80];
  unsigned seed = number;
  (void)snprintf(tale, sizeof tale, "holder %d, journey %u", (int)holder,
                 number);
  updating_enrol(holder);
  for (unsigned s = 0; s < 16; s++) {
    const struct fault at_login = any_fault(&seed);
    const struct fault at_update = any_fault(&seed);
    (void)updating_log_in(&at_login);
    updating_update(WK_UPDATE_SESSION, &at_update);
  }
  updating_settle(tale);
}

static void journeys(enum holder holder) {
  for (unsigned number = 0; number < JOURNEYS; number++)
    journey(holder, number);
  cr_log_info("at most %u attempts", updating_attempts());
}

Test(key_update, interrupted__device_chain) {
  every_interruption(HOLDER_C);
}

Test(key_update, interrupted__both_chains_in_one_file) {
  every_interruption(HOLDER_BOTH);
}

Test(key_update, interrupted__device_and_phone) {
  every_interruption(HOLDER_PHONE);
}

Test(key_update, journey__device_chain) {
  journeys(HOLDER_C);
}

Test(key_update, journey__both_chains_in_one_file) {
  journeys(HOLDER_BOTH);
}

Test(key_update, journey__device_and_phone) {
  journeys(HOLDER_PHONE);
}

/*
 * The server has switched C and never got D's X3, and the client knows
 * neither: only new C with old D is valid. Two chains that alternated in step
 * would never try it.
 */
Test(key_update, turns__find_the_one_valid_pair) {
  const struct fault no_x4 = {LUCK_X4_NOT, false, FATE_LIVES};
  updating_enrol(HOLDER_BOTH);
  cr_assert_eq(updating_log_in(&none), WK_REASON_OK);
  cr_assert(updating_send(updating_client(), LUCK_GOOD));     /* of C */
  cr_assert(updating_send(updating_client(), LUCK_SENT_NOT)); /* of D */
  cr_assert_eq(updating_log_in(&none), WK_REASON_OK);
  cr_assert(updating_send(updating_client(), LUCK_SENT_NOT)); /* D again */
  cr_assert_eq(updating_log_in(&no_x4), WK_REASON_OK);
  updating_settle("the one valid pair");
  cr_assert_leq(updating_attempts(), 4u);
}

Test(key_update, both__switch_in_one_login) {
  struct served_login login;
  struct wk_reply reply;
  struct wk_client *client = NULL;
  updating_enrol(HOLDER_BOTH);
  client = updating_client();
  cr_assert_eq(updating_log_in(&none), WK_REASON_OK);
  updating_update(WK_UPDATE_SESSION, &none);
  cr_assert_eq(updating_log_in(&none), WK_REASON_OK);
  updating_ask(&login);
  cr_assert_eq(wk_client_check(client, login.c, WK_X4_LEN, &reply, NULL),
               WK_OK);
  cr_assert_eq(reply.role, WK_ROLE_C);
  cr_assert_eq(reply.status, WK_STATUS_SWITCHED);
  cr_assert_eq(wk_client_check(client, login.d, WK_X4_LEN, &reply, NULL),
               WK_OK);
  cr_assert_eq(reply.role, WK_ROLE_D);
  cr_assert_eq(reply.status, WK_STATUS_SWITCHED);
  updating_agree("both at once");
}

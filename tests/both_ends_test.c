/* SPDX-License-Identifier: Apache-2.0 */
/* The real client logs in to the real registry, without a broker between. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/client.h>
#include <whitekey/server.h>

#define NOW 1790000000u

static char folder[64];
static char paths[3][112];
static struct wk_registry *registry;
static struct wk_server *server;
static struct wk_credential device;
static struct wk_policy policy;
static uint32_t now;

static void begin(void) {
  struct wk_why why = {""};
  (void)snprintf(folder, sizeof folder, "/tmp/whitekey-ends.XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(paths[0], sizeof paths[0], "%s/registry.db", folder);
  (void)snprintf(paths[1], sizeof paths[1], "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(paths[0], paths[1], &why), WK_OK, "%s",
               why.text);
  cr_assert_eq(wk_registry_open(&registry, paths[0], paths[1], &why), WK_OK,
               "%s", why.text);
  (void)snprintf(paths[2], sizeof paths[2], "%s/registry.db.lock", folder);
  cr_assert_eq(wk_server_open(&server, paths[0], paths[1], &why), WK_OK, "%s",
               why.text);
  wk_policy_init(&policy);
  now = NOW;
}

static void end(void) {
  wk_server_close(server);
  wk_registry_close(registry);
  for (int i = 0; i < 3; i++)
    cr_assert_eq(unlink(paths[i]), 0, "%s", paths[i]);
  cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

TestSuite(both_ends, .init = begin, .fini = end);

static uint32_t clock_now(void *context) {
  (void)context;
  return now;
}

static void enrol_chain(struct wk_enrolled_chain *public,
                        struct wk_credential_chain *chain, enum wk_role role) {
  wk_credential_chain_new(chain, 1024);
  public->present = true;
  public->n = chain->n;
  wk_credential_anchor(public->anchor, &device.id, role, chain);
}

static struct wk_client *enrol(bool user) {
  struct wk_enrolment enrolment = {.did = "thermo-1"};
  struct wk_client *client = NULL;
  struct wk_why why = {""};
  memset(&device, 0, sizeof device);
  cr_assert_eq(
      wk_id_init(&device.id, wk_registry_realm(registry), "thermo-1", 8),
      WK_OK);
  enrol_chain(&enrolment.c, &device.c, WK_ROLE_C);
  if (user)
    enrol_chain(&enrolment.d, &device.d, WK_ROLE_D);
  cr_assert_eq(wk_registry_enrol(registry, &enrolment, &device.generation,
                                 device.ks, &why),
               WK_OK, "%s", why.text);
  cr_assert_eq(wk_client_new(&client, &device, clock_now, NULL), WK_OK);
  return client;
}

/* Decides the password as the broker's plugin would. */
static enum wk_reason present(const struct wk_otp *otp,
                              struct wk_verdict *verdict) {
  struct wk_attempt attempt = {.did = ""};
  char text[WK_PASSWORD_MAX + 1];
  wk_otp_password(otp, text);
  wk_attempt_password(&attempt, "thermo-1", text);
  attempt.now = now;
  return wk_server_login(server, &policy, &attempt, verdict);
}

static void login(struct wk_client *client, enum wk_reason want) {
  struct wk_otp otp;
  struct wk_verdict verdict;
  struct wk_reply reply;
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  const enum wk_reason got = present(&otp, &verdict);
  cr_assert_eq(got, want, "%s", wk_reason_name(got, verdict.user));
  uint8_t x4[WK_X4_LEN];
  if (got == WK_REASON_OK) {
    cr_assert_eq(
        wk_server_reply(server, &verdict.accepted, now, WK_ROLE_C, x4), WK_OK);
    cr_assert_eq(wk_client_check(client, x4, sizeof x4, &reply, NULL), WK_OK);
  } else
    wk_client_refused(client);
}

Test(both_ends, login__each_password_once_and_the_answer_is_checked) {
  for (int user = 0; user <= 1; user++) {
    struct wk_client *client = enrol(user);
    struct wk_otp otp;
    struct wk_verdict verdict;
    for (int i = 0; i < 20; i++)
      login(client, WK_REASON_OK);
    cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
    cr_assert_eq(present(&otp, &verdict), WK_REASON_OK);
    cr_assert_eq(present(&otp, &verdict), WK_REASON_REPLAY);
    login(client, WK_REASON_OK);
    wk_client_free(client);
  }
}

Test(both_ends, login__skipped_passwords_and_time_zero_are_taken) {
  struct wk_client *client = enrol(false);
  struct wk_otp otp;
  for (int i = 0; i < 100; i++)
    cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  login(client, WK_REASON_OK);
  now -= 60; /* the device sends 0 until its clock has caught up */
  login(client, WK_REASON_OK);
  now += 61;
  login(client, WK_REASON_OK);
  wk_client_free(client);
}

Test(both_ends, login__a_copy_is_called_clone) {
  struct wk_client *client = enrol(false);
  struct wk_client *copy = NULL;
  login(client, WK_REASON_OK);
  device.c.next = 2;
  device.time = NOW;
  cr_assert_eq(wk_client_new(&copy, &device, clock_now, NULL), WK_OK);
  now++;
  login(client, WK_REASON_OK);
  login(client, WK_REASON_OK);
  now++;
  login(copy, WK_REASON_CLONE);
  login(client, WK_REASON_QUARANTINED);
  wk_client_free(client);
  wk_client_free(copy);
}

Test(both_ends, login__refusals_climb_over_a_gap) {
  struct wk_client *client = enrol(false);
  struct wk_client *late = NULL;
  for (int i = 0; i < 60; i++)
    login(client, WK_REASON_OK);
  /* A file from a backup, without a clock: stale until it has passed. */
  cr_assert_eq(wk_client_new(&late, &device, NULL, NULL), WK_OK);
  for (int i = 0; i < 6; i++)
    login(late, WK_REASON_STALE); /* 1, 2, 4, 8, 16, 32 */
  login(late, WK_REASON_OK);      /* 64 */
  wk_client_free(client);
  wk_client_free(late);
}

/* Who stole one chain, and Ks and bio_id with it; the other one is a guess. */
static struct wk_client *thief(const struct wk_credential *stolen,
                               enum wk_role has, bool guess) {
  struct wk_client *client = NULL;
  struct wk_credential credential = *stolen;
  struct wk_credential_chain *lacks =
      has == WK_ROLE_C ? &credential.d : &credential.c;
  memset(lacks, 0, sizeof *lacks);
  if (guess)
    wk_credential_chain_new(lacks, stolen->c.n);
  cr_assert_eq(wk_client_new(&client, &credential, clock_now, NULL), WK_OK);
  return client;
}

static void refused(struct wk_client *client, const char *reason) {
  struct wk_otp otp;
  struct wk_verdict verdict;
  now++;
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  const enum wk_reason got = present(&otp, &verdict);
  cr_assert_str_eq(wk_reason_name(got, verdict.user), reason);
}

Test(both_ends, login__a_stolen_dongle_or_phone_alone_is_refused) {
  struct wk_client *owner = enrol(true);
  struct wk_client *dongle = thief(&device, WK_ROLE_C, false);
  struct wk_client *with_guess = thief(&device, WK_ROLE_C, true);
  struct wk_client *phone = thief(&device, WK_ROLE_D, true);
  for (int i = 0; i < 3; i++) {
    refused(dongle, "user-required");
    refused(with_guess, "user-chain");
    refused(phone, "chain");
  }
  login(owner, WK_REASON_OK);
  wk_client_free(owner);
  wk_client_free(dongle);
  wk_client_free(with_guess);
  wk_client_free(phone);
}

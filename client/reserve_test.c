/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that write their credential file ahead of what they give out. */
#include <criterion/criterion.h>

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <whitekey/file.h>

#include "device_fixture.h"

#define N 256u
#define AHEAD 8u

static const char *path;
static struct wk_credential device;
static uint32_t now;

static void begin(void) {
  device_make(&device, N, false);
  path = device_file_make(&device);
  now = 5000;
}

TestSuite(reserve, .init = begin, .fini = device_file_remove);

static struct wk_client *open_client(void) {
  struct wk_client *client = NULL;
  struct wk_why why = {""};
  cr_assert_eq(wk_client_open(&client, path, device_clock, &now, &why), WK_OK,
               "%s", why.text);
  return client;
}

static struct wk_client *open_ahead(void) {
  struct wk_client *client = open_client();
  struct wk_why why = {""};
  cr_assert_eq(wk_client_reserve(client, AHEAD, &why), WK_OK, "%s", why.text);
  return client;
}

static struct wk_credential stored(void) {
  struct wk_credential credential;
  device_load(&credential, path);
  return credential;
}

/* A replaced file is another file, however equal. */
static ino_t file_now(void) {
  struct stat st;
  cr_assert_eq(stat(path, &st), 0);
  return st.st_ino;
}

static uint32_t time_of_next(struct wk_client *client) {
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  device_open(&device, WK_X1, &otp, NULL, &header, &body);
  return body.time;
}

/* A process that ends without wk_client_free(). */
static void crash_after(unsigned logins) {
  const pid_t child = fork();
  int status = 0;
  if (child == 0) {
    struct wk_client *client = open_ahead();
    for (unsigned i = 0; i < logins; i++)
      (void)device_index(client);
    _exit(0);
  }
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
}

Test(reserve, next__one_write_serves_several_indices) {
  struct wk_client *client = open_ahead();
  unsigned writes = 0;
  for (uint32_t i = 1; i <= 3 * AHEAD; i++) {
    const ino_t before = file_now();
    cr_assert_eq(device_index(client), i);
    writes += file_now() != before;
    cr_assert_gt(stored().c.next, i, "given out before it was durable");
  }
  cr_assert_eq(writes, 3u);
  wk_client_free(client);
}

Test(reserve, free__gives_back_what_was_not_spent) {
  struct wk_client *client = open_ahead();
  cr_assert_eq(device_index(client), 1u);
  cr_assert_eq(stored().c.next, 1u + AHEAD);
  cr_assert_eq(stored().reserved, AHEAD - 1u);
  wk_client_free(client);
  cr_assert_eq(stored().c.next, 2u);
  cr_assert_eq(stored().reserved, 0u);
  cr_assert_eq(stored().time, 5000u);
}

Test(reserve, crash__skips_and_never_repeats) {
  crash_after(3);
  struct wk_client *client = open_ahead();
  cr_assert_eq(device_index(client), 1u + AHEAD);
  wk_client_free(client);
}

/* The clock went back: nobody knows behind what. */
Test(reserve, crash__for_four_minutes_no_time_is_sent) {
  crash_after(1);
  now = 4000;
  struct wk_client *client = open_client();
  cr_assert_eq(time_of_next(client), 0u);
  cr_assert_eq(stored().reserved, 0u);
  wk_client_free(client);
  client = open_client();
  now = 5239;
  cr_assert_eq(time_of_next(client), 0u);
  now = 5240;
  cr_assert_eq(time_of_next(client), 5240u);
  wk_client_free(client);
}

Test(reserve, clean_end__the_next_login_sends_its_time) {
  struct wk_client *client = open_ahead();
  cr_assert_eq(time_of_next(client), 5000u);
  wk_client_free(client);
  client = open_client();
  cr_assert_eq(time_of_next(client), 5000u);
  wk_client_free(client);
}

Test(reserve, next__chain_is_used_to_its_end) {
  struct wk_client *client = open_ahead();
  struct wk_otp otp;
  for (uint32_t i = 1; i <= N; i++)
    cr_assert_eq(device_index(client), i);
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_ERR_EXHAUSTED);
  wk_client_free(client);
  cr_assert_eq(stored().c.next, N + 1u);
}

Test(reserve, refused__skip_is_durable_at_once) {
  struct wk_client *client = open_ahead();
  cr_assert_eq(device_index(client), 1u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 2u);
  cr_assert_eq(stored().c.refusals, 1u);
  wk_client_free(client);
}

Test(reserve, next__others_are_told_who_is_in_their_way, .timeout = 20) {
  struct wk_client *holder = open_ahead();
  struct wk_client *other = open_client();
  struct wk_why why = {""};
  struct wk_otp otp;
  cr_assert_eq(wk_client_reserve(other, AHEAD, &why), WK_ERR_BUSY);
  cr_assert(strstr(why.text, "another program keeps this credential open"));
  wk_client_free(holder);
  cr_assert_eq(wk_client_next(other, NULL, &otp, &why), WK_OK);
  wk_client_free(other);
}

Test(reserve, next__a_new_enrolment_in_its_place_is_used_and_kept) {
  struct wk_client *client = open_ahead();
  cr_assert_eq(device_index(client), 1u);
  device_make(&device, N, false);
  device.generation = 4;
  device_save(path, &device, 0600);
  cr_assert_neq(time_of_next(client), 0u); /* opens with the new keys */
  wk_client_free(client);
  cr_assert_eq(stored().generation, 4u);
  cr_assert_eq(stored().c.next, 2u);
}

Test(reserve, free__a_new_enrolment_in_its_place_stays_untouched) {
  struct wk_client *client = open_ahead();
  cr_assert_eq(device_index(client), 1u);
  device_make(&device, N, false);
  device_save(path, &device, 0600);
  const ino_t before = file_now();
  wk_client_free(client);
  cr_assert_eq(file_now(), before);
}

Test(reserve, reserve__needs_a_file_and_a_sane_count) {
  struct wk_client *client = NULL;
  cr_assert_eq(wk_client_new(&client, &device, NULL, NULL), WK_OK);
  cr_assert_eq(wk_client_reserve(client, AHEAD, NULL), WK_ERR_ARGUMENT);
  wk_client_free(client);
  client = open_client();
  cr_assert_eq(wk_client_reserve(client, 0, NULL), WK_ERR_ARGUMENT);
  cr_assert_eq(wk_client_reserve(client, WK_RESERVE_MAX + 1, NULL),
               WK_ERR_ARGUMENT);
  wk_client_free(client);
}

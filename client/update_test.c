/* SPDX-License-Identifier: Apache-2.0 */
/* Key updates, on credential files. */
#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

#include <whitekey/file.h>

#include "device_fixture.h"

#define N 512u

static const char *path;
static struct wk_credential device;
static struct wk_client *client;
static struct wk_otp otp;
static struct wk_why why;

static void save(void) {
  device_save(path, &device, 0600);
}

static struct wk_credential stored(void) {
  struct wk_credential credential;
  device_load(&credential, path);
  return credential;
}

static void open_again(void) {
  wk_client_free(client);
  cr_assert_eq(wk_client_open(&client, path, NULL, NULL, &why), WK_OK, "%s",
               why.text);
}

static void begin(void) {
  device_make(&device, N, true);
  path = device_file_make(&device);
  open_again();
}

static void end(void) {
  wk_client_free(client);
  device_file_remove();
}

TestSuite(update, .init = begin, .fini = end);

static void log_in(void) {
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_OK, "%s",
               why.text);
  wk_client_accepted(client);
}

static enum wk_err update(enum wk_update_when when, uint8_t x3[WK_X3_LEN]) {
  return wk_client_update(client, when, x3, &why);
}

/* The server's X4 to an X3, or to the login. */
static enum wk_err hear(const uint8_t *msg, size_t len, enum wk_role role,
                        enum wk_status status, uint32_t epoch) {
  struct wk_header header;
  struct wk_reply reply = {
      .status = status, .role = role, .epoch = epoch, .index = 1};
  uint8_t kx[WK_KX_LEN];
  uint8_t x4[WK_X4_LEN];
  cr_assert_eq(wk_header_parse(&header, (enum wk_type)msg[1], msg, len),
               WK_OK);
  header.type = WK_X4;
  wk_msg_digest(reply.digest, msg, len);
  wk_key_message(kx, device.ks, &device.id, header.epoch, device.bio_id);
  const struct wk_seal seal = {&device.id, kx, NULL};
  cr_assert_eq(wk_reply_seal(x4, &header, &reply, &seal), WK_OK);
  return wk_client_check(client, x4, sizeof x4, &reply, &why);
}

static enum wk_err hear_login(enum wk_status status) {
  return hear(otp.x1, WK_X1_LEN, WK_ROLE_C, status, otp.x1[5]);
}

/* ---- X3 ----------------------------------------------------------------- */

/* Opens an X3 as the server would, and checks what it promises. */
static void open_x3(const uint8_t x3[WK_X3_LEN], enum wk_role role,
                    uint32_t index) {
  const struct wk_credential now = stored();
  const bool c = role == WK_ROLE_C;
  const struct wk_credential_chain *old = c ? &now.c : &now.d;
  const struct wk_credential_chain *new =
      c ? &now.c_update.chain : &now.d_update.chain;
  struct wk_header header;
  struct wk_update body;
  uint8_t kx[WK_KX_LEN];
  uint8_t salt[WK_SALT_LEN];
  uint8_t x[WK_VALUE_LEN];
  uint8_t vouch[WK_HASH_LEN];
  cr_assert_eq(wk_header_parse(&header, WK_X3, x3, WK_X3_LEN), WK_OK);
  cr_assert_eq(header.epoch, old->epoch);
  cr_assert_eq(header.index, index);
  wk_key_message(kx, device.ks, &device.id, header.epoch, device.bio_id);
  const struct wk_seal seal = {&device.id, kx, NULL};
  cr_assert_eq(wk_update_open(&body, &header, x3, &seal), WK_OK);
  cr_assert_eq(body.role, role);
  cr_assert_eq(body.epoch, old->epoch + 1);
  cr_assert_eq(body.n, N);
  wk_credential_anchor(x, &device.id, role, new);
  cr_assert_arr_eq(body.anchor, x, WK_VALUE_LEN);
  wk_chain_salt(salt, &device.id, role, old->epoch);
  wk_chain_top(x, salt, N, old->seed);
  wk_chain_walk(x, salt, N, index + 1);
  wk_update_vouch(vouch, x, &device.id, &body);
  cr_assert_arr_eq(body.vouch, vouch, WK_HASH_LEN);
}

Test(update, x3__each_chain_once_a_session_and_durable_first) {
  uint8_t x3[WK_X3_LEN];
  static const uint8_t zero[WK_X3_LEN];
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MISSING, "no session");
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MISSING, "not accepted");
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  open_x3(x3, WK_ROLE_C, 2);
  cr_assert(!stored().d_update.chain.present);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  open_x3(x3, WK_ROLE_D, 2);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MISSING);
  cr_assert_arr_eq(x3, zero, sizeof zero);
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MISSING, "still open");
}

static const struct due {
  uint32_t n, next; /* after the login */
  enum wk_update_when when;
  bool due;
} dues[] = {
    {N, 2, WK_UPDATE_SESSION, true},
    {N, 2, WK_UPDATE_QUARTER, false},
    {N, 2, WK_UPDATE_NEVER, false},
    {4096, 4097 - 1024, WK_UPDATE_QUARTER, false},
    {4096, 4098 - 1024, WK_UPDATE_QUARTER, true},
    {4096, 4098 - 1024, WK_UPDATE_NEVER, false},
    {256, 257 - 192, WK_UPDATE_QUARTER, false}, /* 3R are left */
    {256, 258 - 192, WK_UPDATE_QUARTER, true},
    {256, 257 - 130, WK_UPDATE_QUARTER, true}, /* 2R + 2 are left */
    {256, 258 - 130, WK_UPDATE_QUARTER, false},
    {256, 258 - 130, WK_UPDATE_SESSION, false},
    {129, 2, WK_UPDATE_SESSION, false},
};

Test(update, due__every_policy_and_length) {
  for (size_t i = 0; i < sizeof dues / sizeof *dues; i++) {
    uint8_t x3[WK_X3_LEN];
    device_make(&device, dues[i].n, false);
    device.c.next = dues[i].next - 1;
    save();
    open_again();
    log_in();
    cr_assert_eq(update(dues[i].when, x3),
                 dues[i].due ? WK_OK : WK_ERR_MISSING, "row %zu", i);
    cr_assert_eq(stored().c_update.chain.present, dues[i].due);
  }
}

Test(update, when_parse__three_names) {
  enum wk_update_when when = WK_UPDATE_NEVER;
  cr_assert_eq(wk_update_when_parse(&when, "quarter"), WK_OK);
  cr_assert_eq(when, WK_UPDATE_QUARTER);
  cr_assert_eq(wk_update_when_parse(&when, "session"), WK_OK);
  cr_assert_eq(when, WK_UPDATE_SESSION);
  cr_assert_eq(wk_update_when_parse(&when, "Never"), WK_ERR_ARGUMENT);
  cr_assert_eq(when, WK_UPDATE_SESSION);
}

Test(update, x3__none_where_the_disk_does_not_take_it) {
  uint8_t x3[WK_X3_LEN];
  static const uint8_t zero[WK_X3_LEN];
  log_in();
  cr_assert_eq(truncate(path, 0), 0);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MALFORMED);
  cr_assert_arr_eq(x3, zero, sizeof zero);
  save();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
}

Test(update, x3__not_for_a_chain_enrolled_since) {
  uint8_t x3[WK_X3_LEN];
  log_in();
  device.generation++;
  save();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_ERR_MISSING);
}

Test(update, x3__every_seed_is_new) {
  uint8_t x3[WK_X3_LEN];
  const struct wk_credential first = stored();
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  const struct wk_credential second = stored();
  cr_assert_neq(memcmp(first.c.seed, second.c_update.chain.seed, WK_SEED_LEN),
                0);
  log_in(); /* not taken: dropped */
  cr_assert_eq(hear_login(WK_STATUS_ACCEPTED), WK_OK, "%s", why.text);
  cr_assert(!stored().c_update.chain.present);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  const struct wk_credential third = stored();
  cr_assert_neq(memcmp(second.c_update.chain.seed, third.c_update.chain.seed,
                       WK_SEED_LEN),
                0);
}

/* ---- X4 ----------------------------------------------------------------- */

Test(update, x4__of_x3_decides_nothing) {
  uint8_t x3[2][WK_X3_LEN];
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3[0]), WK_OK);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3[1]), WK_OK);
  const struct wk_credential before = stored();
  cr_assert_eq(hear(x3[0], WK_X3_LEN, WK_ROLE_C, WK_STATUS_PENDING, 0), WK_OK);
  cr_assert_eq(hear(x3[0], WK_X3_LEN, WK_ROLE_C, WK_STATUS_REFUSED, 0), WK_OK);
  cr_assert_eq(hear(x3[1], WK_X3_LEN, WK_ROLE_D, WK_STATUS_REFUSED, 0), WK_OK);
  cr_assert_eq(hear(x3[1], WK_X3_LEN, WK_ROLE_C, WK_STATUS_PENDING, 0),
               WK_ERR_MALFORMED, "the other chain's");
  cr_assert_eq(hear(x3[0], WK_X3_LEN, WK_ROLE_C, WK_STATUS_ACCEPTED, 0),
               WK_ERR_MALFORMED, "answers a login");
  const struct wk_credential after = stored();
  cr_assert_eq(memcmp(&before, &after, sizeof before), 0);
}

Test(update, x4__switch_erases_the_old_seed) {
  uint8_t x3[WK_X3_LEN];
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  const struct wk_credential both = stored();
  log_in();
  cr_assert_eq(hear_login(WK_STATUS_PENDING), WK_OK);
  log_in();
  cr_assert_eq(otp.x1[5], 1, "the new chain");
  cr_assert_eq(hear_login(WK_STATUS_SWITCHED), WK_OK);
  const struct wk_credential now = stored();
  cr_assert_eq(now.c.epoch, 1u);
  cr_assert_eq(now.c.next, 2u);
  cr_assert_arr_eq(now.c.seed, both.c_update.chain.seed, WK_SEED_LEN);
  char *text = NULL;
  char seed[WK_B64_LEN(WK_SEED_LEN) + 1];
  size_t len = 0;
  wk_b64_write(seed, both.c.seed, WK_SEED_LEN);
  cr_assert_eq(wk_file_read(&text, &len, path, WK_CREDENTIAL_FILE_MAX, NULL),
               WK_OK);
  cr_assert_null(strstr(text, seed), "the old seed is in the file");
  wk_file_wipe(text, len);
}

Test(update, x4__that_cannot_be_kept_loses_neither_chain) {
  uint8_t x3[WK_X3_LEN];
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  log_in();
  device = stored();
  cr_assert_eq(truncate(path, 0), 0);
  cr_assert_eq(hear_login(WK_STATUS_ACCEPTED), WK_ERR_MALFORMED);
  save();
  open_again();
  cr_assert(stored().c_update.chain.present);
  log_in();
  cr_assert_eq(otp.x1[5], 1, "the new chain's turn");
}

Test(update, x4__of_a_chain_that_is_not_ours_is_theft) {
  uint8_t x3[WK_X3_LEN];
  log_in();
  cr_assert_eq(hear_login(WK_STATUS_SWITCHED), WK_ERR_CHAIN);
  cr_assert_not_null(strstr(why.text, "its key was stolen"), "%s", why.text);
  cr_assert_not_null(strstr(why.text, "dev.json"), "%s", why.text);
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK, "the login stands");
  cr_assert_eq(hear(x3, WK_X3_LEN, WK_ROLE_C, WK_STATUS_REFUSED, 1),
               WK_ERR_CHAIN, "the server has an epoch that we never used");
}

/* What looks like theft may be the work of another process on the file. */
Test(update, x4__another_process_may_have_begun) {
  struct wk_client *other = NULL;
  uint8_t x3[WK_X3_LEN];
  cr_assert_eq(wk_client_open(&other, path, NULL, NULL, &why), WK_OK);
  cr_assert_eq(wk_client_next(other, NULL, &otp, &why), WK_OK);
  wk_client_accepted(other);
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_OK);
  cr_assert_eq(wk_client_update(other, WK_UPDATE_SESSION, x3, &why), WK_OK);
  cr_assert_eq(hear_login(WK_STATUS_PENDING), WK_OK, "%s", why.text);
  log_in();
  cr_assert_eq(otp.x1[5], 1);
  wk_client_free(other);
}

/* ---- what outlives a process -------------------------------------------- */

Test(update, refused__a_restart_does_not_skip_ahead_anew) {
  uint32_t index = device_index(client);
  for (int i = 0; i < 7; i++) {
    wk_client_refused(client);
    index = device_index(client);
  }
  cr_assert_eq(index, 1 + 127u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), index + 1);
  open_again();
  for (uint32_t i = 2; i < 10; i++) {
    cr_assert_eq(device_index(client), index + i);
    wk_client_refused(client);
  }
  index = device_index(client);
  wk_client_accepted(client);
  cr_assert_eq(stored().c.refusals, 0u);
  open_again();
  cr_assert_eq(device_index(client), index + 1);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), index + 2);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), index + 4);
}

Test(update, next__turns_go_on_in_another_process) {
  uint8_t x3[WK_X3_LEN];
  device.d.present = false;
  memset(&device.d, 0, sizeof device.d);
  save();
  open_again();
  log_in();
  cr_assert_eq(update(WK_UPDATE_SESSION, x3), WK_OK);
  for (uint8_t i = 0; i < 6; i++) {
    open_again();
    cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_OK);
    cr_assert_eq(otp.x1[5], i % 2);
  }
}

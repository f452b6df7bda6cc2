/* SPDX-License-Identifier: Apache-2.0 */
/* The library's interface: its texts, its results, its user. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/device.h>

#include "device_fixture.h"

#define N 256u

static char folder[64];
static char path[96];
static char user_path[96];
static struct wk_credential device; /* both chains */

/* The device's chain in one file, the user's in another. */
static void begin(void) {
  struct wk_credential part;
  (void)snprintf(folder, sizeof folder, "/tmp/whitekey-device.XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/dev.json", folder);
  (void)snprintf(user_path, sizeof user_path, "%s/user.json", folder);
  device_make(&device, N, true);
  part = device;
  part.d.present = false;
  device_save(path, &part, 0600);
  part = device;
  part.c.present = false;
  device_save(user_path, &part, 0600);
}

static void end(void) {
  static const char *const names[] = {"dev.json", "dev.json.lock", "user.json",
                                      "user.json.lock"};
  char name[128];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    (void)snprintf(name, sizeof name, "%s/%s", folder, names[i]);
    (void)unlink(name);
  }
  cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

TestSuite(device, .init = begin, .fini = end);

static struct wk_device *open_with(const struct wk_device_options *options) {
  struct wk_device *opened = NULL;
  struct wk_device_error error = {""};
  cr_assert_eq(wk_device_open(&opened, path, options, &error), WK_DEVICE_OK,
               "%s", error.text);
  return opened;
}

/* The messages within a password. */
static void read_password(struct wk_otp *otp, const char *text) {
  size_t x1_len = 0;
  size_t x2_len = 0;
  wk_password_parse(otp->x1, &x1_len, otp->x2, &x2_len, &otp->has_x2, text,
                    strlen(text));
  cr_assert_eq(x1_len, WK_X1_LEN);
  cr_assert_eq(x2_len, otp->has_x2 ? WK_X2_LEN : 0);
}

Test(device, open__names_and_topics) {
  struct wk_device *opened = open_with(NULL);
  cr_assert_str_eq(wk_device_name(opened), "thermo-1");
  cr_assert_str_eq(wk_device_x3_topic(opened), "whitekey/v1/thermo-1/x3");
  cr_assert_str_eq(wk_device_x4_topic(opened), "whitekey/v1/thermo-1/x4");
  wk_device_close(opened);
}

static void open_fails(const char *file,
                       const struct wk_device_options *options,
                       enum wk_device_result want, const char *words) {
  struct wk_device *opened = NULL;
  struct wk_device_error error = {""};
  cr_assert_eq(wk_device_open(&opened, file, options, &error), want, "%s",
               error.text);
  cr_assert_null(opened);
  cr_assert(strstr(error.text, words), "%s", error.text);
}

Test(device, open__says_what_is_wrong) {
  struct wk_device_options options = {.size = sizeof options - 1};
  open_fails(path, &options, WK_DEVICE_ARGUMENT, "out of range");
  options.size = sizeof options;
  options.reserve = 65;
  open_fails(path, &options, WK_DEVICE_ARGUMENT, "out of range");
  open_fails(NULL, NULL, WK_DEVICE_ARGUMENT, "no path");
  open_fails("/nowhere/x", NULL, WK_DEVICE_CREDENTIAL, "/nowhere/x");
  open_fails(user_path, NULL, WK_DEVICE_CREDENTIAL, "only a user's");
  options.reserve = 0;
  options.user_credential = path;
  open_fails(path, &options, WK_DEVICE_CREDENTIAL, "only a device's");
}

Test(device, password__opens_and_is_proven_by_its_answer) {
  struct wk_device *opened = open_with(NULL);
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  uint8_t x4[WK_X4_LEN];
  char text[WK_DEVICE_PASSWORD_SIZE];
  char answer[WK_B64_LEN(WK_X4_LEN) + 1];
  cr_assert_eq(wk_device_password(opened, text, NULL), WK_DEVICE_OK);
  read_password(&otp, text);
  cr_assert(!otp.has_x2);
  device_open(&device, WK_X1, &otp, NULL, &header, &body);
  device_answer(x4, &device, &otp, NULL, WK_STATUS_ACCEPTED);
  wk_b64_write(answer, x4, sizeof x4);
  cr_assert_eq(wk_device_check_text(opened, answer, strlen(answer), NULL),
               WK_DEVICE_OK);
  answer[3] ^= 1;
  cr_assert_eq(wk_device_check_text(opened, answer, strlen(answer), NULL),
               WK_DEVICE_NOT_PROVEN);
  cr_assert_eq(wk_device_check_text(opened, "no X4", 5, NULL),
               WK_DEVICE_NOT_PROVEN);
  wk_device_close(opened);
}

Test(device, user__joins_every_login) {
  const struct wk_device_options options = {.size = sizeof options,
                                            .user_credential = user_path};
  struct wk_device *opened = open_with(&options);
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  uint8_t x4[WK_X4_LEN];
  char text[WK_DEVICE_PASSWORD_SIZE];
  cr_assert_eq(wk_device_password(opened, text, NULL), WK_DEVICE_OK);
  read_password(&otp, text);
  cr_assert(otp.has_x2);
  device_open(&device, WK_X2, &otp, NULL, &header, &body);
  device_answer(x4, &device, &otp, NULL, WK_STATUS_ACCEPTED);
  cr_assert_eq(wk_device_check(opened, x4, sizeof x4, NULL), WK_DEVICE_OK);
  wk_device_close(opened);
}

static void indices(struct wk_device *opened, uint32_t index[2]) {
  static const enum wk_type types[] = {WK_X1, WK_X2};
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  char text[WK_DEVICE_PASSWORD_SIZE];
  cr_assert_eq(wk_device_password(opened, text, NULL), WK_DEVICE_OK);
  read_password(&otp, text);
  for (unsigned i = 0; i < 2; i++) {
    device_open(&device, types[i], &otp, NULL, &header, &body);
    index[i] = header.index;
  }
}

/* Protocol section 2; a crashed server may have reserved either's. */
Test(device, refused__both_chains_skip_ahead_until_let_in) {
  static const uint32_t advance[] = {1, 2, 4, 8};
  const struct wk_device_options options = {.size = sizeof options,
                                            .user_credential = user_path};
  struct wk_device *opened = open_with(&options);
  uint32_t before[2], after[2];
  indices(opened, before);
  for (size_t i = 0; i < sizeof advance / sizeof *advance; i++) {
    wk_device_refused(opened);
    indices(opened, after);
    cr_assert_eq(after[0], before[0] + advance[i]);
    cr_assert_eq(after[1], before[1] + advance[i]);
    memcpy(before, after, sizeof before);
  }
  wk_device_accepted(opened);
  indices(opened, after);
  cr_assert_eq(after[0], before[0] + 1);
  cr_assert_eq(after[1], before[1] + 1);
  wk_device_close(opened);
}

Test(device, auth__name_first_then_the_challenges_answer) {
  static const uint8_t challenge[WK_CHALLENGE_LEN] = {7};
  struct wk_device *opened = open_with(NULL);
  struct wk_otp otp = {.has_x2 = false};
  struct wk_header header;
  struct wk_login body;
  uint8_t data[WK_DEVICE_AUTH_SIZE];
  size_t len = 0;
  wk_device_auth_name(opened, data, &len);
  cr_assert_eq(len, 9u);
  cr_assert_eq(memcmp(data, "\x08thermo-1", 9), 0);
  cr_assert_eq(wk_device_auth_answer(opened, challenge, 15, data, &len, NULL),
               WK_DEVICE_ARGUMENT);
  cr_assert_eq(len, 0u);
  cr_assert_eq(wk_device_auth_answer(opened, challenge, sizeof challenge, data,
                                     &len, NULL),
               WK_DEVICE_OK);
  cr_assert_eq(len, WK_X1_LEN);
  memcpy(otp.x1, data, WK_X1_LEN);
  device_open(&device, WK_X1, &otp, challenge, &header, &body);
  cr_assert_eq(header.index, 1u);
  cr_assert_eq(wk_device_auth_data(opened, data, &len, NULL), WK_DEVICE_OK);
  cr_assert_eq(len, 9 + WK_X1_LEN);
  wk_device_close(opened);
}

Test(device, update__comes_when_it_is_due) {
  const struct wk_device_options options = {
      .size = sizeof options, .update = WK_DEVICE_UPDATE_SESSION};
  struct wk_device *opened = open_with(&options);
  struct wk_credential stored;
  char text[WK_DEVICE_UPDATE_SIZE];
  char password[WK_DEVICE_PASSWORD_SIZE];
  cr_assert_eq(wk_device_update(opened, text, NULL), WK_DEVICE_NOTHING);
  cr_assert_eq(wk_device_password(opened, password, NULL), WK_DEVICE_OK);
  wk_device_accepted(opened);
  cr_assert_eq(wk_device_update(opened, text, NULL), WK_DEVICE_OK);
  cr_assert_eq(strlen(text), WK_B64_LEN(WK_X3_LEN));
  device_load(&stored, path);
  cr_assert(stored.c_update.chain.present);
  cr_assert_eq(wk_device_update(opened, text, NULL), WK_DEVICE_NOTHING);
  wk_device_close(opened);
}

Test(device, password__spent_chain_gives_none) {
  const struct wk_device_options options = {.size = sizeof options,
                                            .reserve = 64};
  struct wk_device *opened = open_with(&options);
  struct wk_device_error error;
  char text[WK_DEVICE_PASSWORD_SIZE];
  for (uint32_t i = 0; i < N; i++)
    cr_assert_eq(wk_device_password(opened, text, NULL), WK_DEVICE_OK);
  cr_assert_eq(wk_device_password(opened, text, &error), WK_DEVICE_SPENT);
  cr_assert_eq(text[0], '\0');
  cr_assert(strstr(error.text, "is spent"), "%s", error.text);
  wk_device_close(opened);
}

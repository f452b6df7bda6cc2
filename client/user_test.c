/* SPDX-License-Identifier: Apache-2.0 */
/* A user's message beside the device's, from a credential file of its own. */
#include <criterion/criterion.h>

#include <string.h>

#include "device_fixture.h"

#define N 512u

static const char *path;
static struct wk_credential device;
static struct wk_client *client;
static struct wk_otp otp;
static struct wk_why why;

static void begin(void) {
  device_make(&device, N, true);
  path = device_file_make(&device);
}

static void end(void) {
  wk_client_free(client);
  device_file_remove();
}

TestSuite(user, .init = begin, .fini = end);

static uint32_t stored_next(void) {
  struct wk_credential credential;
  device_load(&credential, path);
  return credential.d.next;
}

Test(user, message__is_joined_to_the_devices) {
  static const uint8_t challenge[WK_CHALLENGE_LEN] = {4};
  struct wk_credential dongle = device;
  struct wk_client *at_dongle = NULL;
  struct wk_header header;
  struct wk_login body;
  uint8_t digest[WK_DIGEST_LEN];
  memset(&dongle.d, 0, sizeof dongle.d);
  device.c.present = false; /* the phone's file */
  device_save(path, &device, 0600);
  cr_assert_eq(wk_client_open_user(&client, path, NULL, NULL, &why), WK_OK);
  cr_assert_eq(wk_client_new(&at_dongle, &dongle, NULL, NULL), WK_OK);
  cr_assert_eq(wk_client_next(at_dongle, challenge, &otp, &why), WK_OK);
  cr_assert(!otp.has_x2);
  cr_assert_eq(wk_client_user(client, NULL, &otp, &why), WK_ERR_FORGED,
               "another challenge");
  cr_assert_eq(stored_next(), 1u, "nothing was spent");
  cr_assert_eq(wk_client_user(client, challenge, &otp, &why), WK_OK);
  cr_assert_eq(stored_next(), 2u);
  device_open(&device, WK_X2, &otp, challenge, &header, &body);
  wk_msg_digest(digest, otp.x1, WK_X1_LEN);
  cr_assert_arr_eq(body.digest, digest, sizeof digest);
  cr_assert_eq(wk_client_user(client, challenge, &otp, &why), WK_ERR_ARGUMENT,
               "it has one");
  wk_client_free(at_dongle);
}

Test(user, message__none_for_another_device) {
  struct wk_client *other = NULL;
  struct wk_credential stranger;
  device_make(&stranger, N, false); /* another Ks */
  cr_assert_eq(wk_client_open_user(&client, path, NULL, NULL, &why), WK_OK);
  cr_assert_eq(wk_client_new(&other, &stranger, NULL, NULL), WK_OK);
  cr_assert_eq(wk_client_next(other, NULL, &otp, &why), WK_OK);
  const struct wk_otp before = otp;
  cr_assert_eq(wk_client_user(client, NULL, &otp, &why), WK_ERR_FORGED);
  cr_assert_not_null(strstr(why.text, "not of device thermo-1"), "%s",
                     why.text);
  cr_assert_eq(memcmp(&before, &otp, sizeof otp), 0);
  cr_assert_eq(stored_next(), 1u);
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_ERR_ARGUMENT);
  wk_client_free(other);
  wk_client_free(client);
  device_make(&device, N, false);
  device_save(path, &device, 0600);
  cr_assert_eq(wk_client_open_user(&client, path, NULL, NULL, &why),
               WK_ERR_ARGUMENT);
  cr_assert_not_null(strstr(why.text, "no user's chain"), "%s", why.text);
}

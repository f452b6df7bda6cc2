/* SPDX-License-Identifier: Apache-2.0 */
#include "device_fixture.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <whitekey/file.h>
#include <whitekey/random.h>

void device_make(struct wk_credential *device, uint32_t n, bool user) {
  static const uint8_t realm[WK_REALM_LEN] = {1, 2, 3};
  memset(device, 0, sizeof *device);
  cr_assert_eq(wk_id_init(&device->id, realm, "thermo-1", 8), WK_OK);
  device->generation = 3;
  wk_random(device->ks, sizeof device->ks);
  wk_random(device->bio_id, sizeof device->bio_id);
  wk_credential_chain_new(&device->c, n);
  if (user)
    wk_credential_chain_new(&device->d, n);
}

void device_save(const char *path, const struct wk_credential *device,
                 mode_t mode) {
  char *text = NULL;
  size_t len = 0;
  cr_assert_eq(wk_credential_write(&text, &len, device), WK_OK);
  cr_assert_eq(wk_file_replace(path, text, len, mode, NULL), WK_OK);
  wk_file_wipe(text, len);
}

void device_load(struct wk_credential *device, const char *path) {
  char *text = NULL;
  size_t len = 0;
  cr_assert_eq(wk_file_read(&text, &len, path, WK_CREDENTIAL_FILE_MAX, NULL),
               WK_OK);
  cr_assert_eq(wk_credential_parse(device, text, len, path, NULL), WK_OK);
  wk_file_wipe(text, len);
}

static char folder[64];
static char path[96];

const char *device_file_make(const struct wk_credential *device) {
  (void)snprintf(folder, sizeof folder, "/tmp/whitekey-client.XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/dev.json", folder);
  device_save(path, device, 0600);
  return path;
}

void device_file_remove(void) {
  char lock[128];
  (void)chmod(folder, 0700);
  (void)snprintf(lock, sizeof lock, "%s.lock", path);
  (void)unlink(path);
  (void)unlink(lock);
  cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

void device_open(const struct wk_credential *device, enum wk_type type,
                 const struct wk_otp *otp, const uint8_t *challenge,
                 struct wk_header *header, struct wk_login *body) {
  const bool user = type == WK_X2;
  const enum wk_role role = user ? WK_ROLE_D : WK_ROLE_C;
  const struct wk_credential_chain *chain = user ? &device->d : &device->c;
  const uint8_t *msg = user ? otp->x2 : otp->x1;
  uint8_t kx[WK_KX_LEN];
  uint8_t salt[WK_SALT_LEN];
  uint8_t anchor[WK_VALUE_LEN];
  cr_assert_eq(
      wk_header_parse(header, type, msg, user ? WK_X2_LEN : WK_X1_LEN), WK_OK);
  cr_assert_eq(header->epoch, chain->epoch);
  wk_key_message(kx, device->ks, &device->id, header->epoch, device->bio_id);
  const struct wk_seal seal = {&device->id, kx, challenge};
  cr_assert_eq(wk_login_open(body, header, msg, &seal), WK_OK);
  wk_chain_salt(salt, &device->id, role, chain->epoch);
  wk_credential_anchor(anchor, &device->id, role, chain);
  cr_assert(wk_chain_verify(body->x, header->index, anchor, 0, salt));
}

uint32_t device_index(struct wk_client *client) {
  struct wk_otp otp;
  struct wk_header header;
  struct wk_why why;
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_OK, "%s",
               why.text);
  cr_assert_eq(wk_header_parse(&header, WK_X1, otp.x1, WK_X1_LEN), WK_OK);
  return header.index;
}

void device_answer(uint8_t x4[WK_X4_LEN], const struct wk_credential *device,
                   const struct wk_otp *otp, const uint8_t *challenge,
                   enum wk_status status) {
  struct wk_header header;
  struct wk_reply reply = {.status = status, .role = WK_ROLE_C};
  uint8_t kx[WK_KX_LEN];
  cr_assert_eq(wk_header_parse(&header, WK_X1, otp->x1, WK_X1_LEN), WK_OK);
  reply.epoch = header.epoch;
  reply.index = header.index;
  wk_msg_digest(reply.digest, otp->x1, WK_X1_LEN);
  header.type = WK_X4;
  wk_reply_nonce(header.nonce, (const uint8_t *)"r", 1, &reply);
  wk_key_message(kx, device->ks, &device->id, header.epoch, device->bio_id);
  const struct wk_seal seal = {&device->id, kx, challenge};
  cr_assert_eq(wk_reply_seal(x4, &header, &reply, &seal), WK_OK);
}

uint32_t device_clock(void *context) {
  return *(const uint32_t *)context;
}

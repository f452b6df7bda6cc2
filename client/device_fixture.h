/* SPDX-License-Identifier: Apache-2.0 */
/* device_fixture.h - an enrolled device as tests know it from both ends. */
#ifndef WK_CLIENT_DEVICE_FIXTURE_H
#define WK_CLIENT_DEVICE_FIXTURE_H

#include <sys/types.h>

#include <whitekey/client.h>

/* "thermo-1" with chain C of length n, and chain D of the same if user. */
void device_make(struct wk_credential *device, uint32_t n, bool user);

/* A credential file, replaced and read back. */
void device_save(const char *path, const struct wk_credential *device,
                 mode_t mode);
void device_load(struct wk_credential *device, const char *path);

/* A new folder with nothing but this credential's file; gives its path. */
const char *device_file_make(const struct wk_credential *device);
/* Fails the test where more than the file and its lock is there. */
void device_file_remove(void);

/* Opens one login as the server would and checks its value; fails the test
 * where it does not open. The header and body are X1's, or X2's. */
void device_open(const struct wk_credential *device, enum wk_type type,
                 const struct wk_otp *otp, const uint8_t *challenge,
                 struct wk_header *header, struct wk_login *body);

/* The index of the next login; fails the test where there is none. */
uint32_t device_index(struct wk_client *client);

/* An X4 for the login. */
void device_answer(uint8_t x4[WK_X4_LEN], const struct wk_credential *device,
                   const struct wk_otp *otp, const uint8_t *challenge,
                   enum wk_status status);

/* A clock that tests set: context points to the time. */
uint32_t device_clock(void *context);

#endif

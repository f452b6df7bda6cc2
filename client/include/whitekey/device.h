/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - libwhitekey-client: one-time passwords for a program that speaks
 * MQTT by itself. This header is all of it; include no other one of the
 * library's.
 *
 * A device is a credential file that `whitekey enrol` made. Each connection
 * needs a login of its own, also one that a client library opens again by
 * itself:
 *
 *   wk_device_password()   MQTT 3.1, 3.1.1, 5: user name wk_device_name(), and
 *                          this as the password
 *   wk_device_auth_data()  MQTT 5: enhanced authentication WHITEKEY
 *   CONNACK                wk_device_refused(); or, where no X4 is checked,
 *                          wk_device_accepted()
 *   each X4                wk_device_check(): the server's proof. It comes on
 *                          wk_device_x4_topic(), which wants a subscription
 *                          with QoS 1; with enhanced authentication the first
 *                          one is the CONNACK's authentication data
 *   after each good X4     wk_device_update() until WK_DEVICE_NOTHING; what
 *                          it gives is published, QoS 1, on
 *                          wk_device_x3_topic()
 *
 * Ask for a login when the connection stands, not before: each one spends one
 * of the credential's (65536 as a rule), and it is worth something for two
 * minutes. Publish nothing that is secret before wk_device_check() was
 * content.
 *
 * Texts are NUL-terminated; outputs are the caller's buffers, whole on success
 * and zeroed on failure. The library logs nothing and starts no thread. A
 * device is for one thread at a time, two devices are independent. What is
 * given out was made durable before (fsync), so calls may wait for the disk.
 */
#ifndef WHITEKEY_DEVICE_H
#define WHITEKEY_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WK_DEVICE_API extern "C" __attribute__((visibility("default")))
#else
#define WK_DEVICE_API __attribute__((visibility("default")))
#endif
#define WK_DEVICE_MUST WK_DEVICE_API __attribute__((warn_unused_result))

/* What a caller can do about it decides between these. */
enum wk_device_result {
  WK_DEVICE_OK = 0,
  WK_DEVICE_ARGUMENT,   /* a mistake in the calling program */
  WK_DEVICE_CREDENTIAL, /* the file: missing, damaged, readable by others, not
                           of this device: an operator must look at it */
  WK_DEVICE_BUSY,       /* another program keeps the file: end that one */
  WK_DEVICE_SPENT,      /* no login is left: enrol the device again */
  WK_DEVICE_NOT_PROVEN, /* not the server's answer to this login: disconnect */
  WK_DEVICE_STOLEN,     /* the server knows keys that this device did not make:
                           the credential was copied, enrol it again */
  WK_DEVICE_NOTHING,    /* no update is due */
  WK_DEVICE_SYSTEM      /* disk or memory; the next login may go well */
};

/* One line that names file, device or member, for a person. No secrets. */
struct wk_device_error {
  char text[512];
};

struct wk_device;

enum wk_device_update_when {
  WK_DEVICE_UPDATE_QUARTER = 0, /* less than a quarter of the logins is left */
  WK_DEVICE_UPDATE_SESSION,     /* in each session, unless one is open */
  WK_DEVICE_UPDATE_NEVER
};

/* Zero it, set size, then what is to be different. */
struct wk_device_options {
  size_t size; /* sizeof(struct wk_device_options) */
  /* The credential of the user who has to agree to each login, where it is a
   * file of its own; NULL: none. */
  const char *user_credential;
  /*
   * 1..64: the file stays locked for this program, and so many logins cost one
   * write of it, about 20 KB on ext4, instead of one each. What was not spent
   * is given back by wk_device_close(); a crash skips it, and logins carry no
   * time for four minutes (brokers with `require_time` then take those only
   * that answer a challenge). 1: the file is locked, and each login written.
   * 0: the file is locked and written for each login, and other programs may
   * use it in between.
   */
  uint32_t reserve;
  enum wk_device_update_when update;
  int no_clock; /* not 0: this machine's clock is not to be trusted */
};

/*
 * Opens a credential file, mode 0600. options may be NULL, error too, here and
 * everywhere. WK_DEVICE_ARGUMENT, _CREDENTIAL, _BUSY, _SYSTEM. *device is the
 * caller's for wk_device_close(), NULL on failure.
 */
WK_DEVICE_MUST enum wk_device_result
wk_device_open(struct wk_device **device, const char *path,
               const struct wk_device_options *options,
               struct wk_device_error *error);

/* NULL is allowed. Secrets are wiped. */
WK_DEVICE_API void wk_device_close(struct wk_device *device);

/* These live as long as the device. */
WK_DEVICE_API const char *wk_device_name(const struct wk_device *device);
WK_DEVICE_API const char *wk_device_x3_topic(const struct wk_device *device);
WK_DEVICE_API const char *wk_device_x4_topic(const struct wk_device *device);

/* ---- a login ------------------------------------------------------------ */

#define WK_DEVICE_PASSWORD_SIZE 256u /* NUL included */
#define WK_DEVICE_AUTH_SIZE 192u
#define WK_DEVICE_CHALLENGE_LEN 16u

/*
 * The next login, as a password, or as authentication data of CONNECT for the
 * method "WHITEKEY" (*len bytes). WK_DEVICE_SPENT, _CREDENTIAL, _BUSY,
 * _SYSTEM: it was not made durable, a login may have been skipped.
 */
WK_DEVICE_MUST enum wk_device_result
wk_device_password(struct wk_device *device,
                   char text[WK_DEVICE_PASSWORD_SIZE],
                   struct wk_device_error *error);
WK_DEVICE_MUST enum wk_device_result
wk_device_auth_data(struct wk_device *device,
                    uint8_t data[WK_DEVICE_AUTH_SIZE], size_t *len,
                    struct wk_device_error *error);

/*
 * The method "WHITEKEY-CHALLENGE" in two steps: authentication data of
 * CONNECT, which only names the device, and of the AUTH that answers the
 * server's challenge. challenge: its authentication data; WK_DEVICE_ARGUMENT
 * unless that has 16 bytes; else as above.
 */
WK_DEVICE_API void wk_device_auth_name(const struct wk_device *device,
                                       uint8_t data[WK_DEVICE_AUTH_SIZE],
                                       size_t *len);
WK_DEVICE_MUST enum wk_device_result
wk_device_auth_answer(struct wk_device *device, const uint8_t *challenge,
                      size_t challenge_len, uint8_t data[WK_DEVICE_AUTH_SIZE],
                      size_t *len, struct wk_device_error *error);

/*
 * How it ended. accepted: CONNACK 0. refused: the server said no to this very
 * login (3.1.1: 4 and 5; MQTT 5: 0x86 and 0x87). Neither where no answer came
 * or the server had no time for one (3; 0x88, 0x89). Without TLS anyone can
 * answer 0: a program that checks the X4 leaves "accepted" to the check.
 */
WK_DEVICE_API void wk_device_accepted(struct wk_device *device);
WK_DEVICE_API void wk_device_refused(struct wk_device *device);

/*
 * The server's X4 as authentication data, or as the payload of a message
 * (text, len characters). WK_DEVICE_NOT_PROVEN: not an answer to this login
 * or to an update of this session. WK_DEVICE_STOLEN. _SYSTEM, _CREDENTIAL,
 * _BUSY: it is one, but what it decided could not be written; the next login
 * goes on from there.
 */
WK_DEVICE_MUST enum wk_device_result
wk_device_check(struct wk_device *device, const void *data, size_t len,
                struct wk_device_error *error);
WK_DEVICE_MUST enum wk_device_result
wk_device_check_text(struct wk_device *device, const char *text, size_t len,
                     struct wk_device_error *error);

/* ---- new keys ----------------------------------------------------------- */

#define WK_DEVICE_UPDATE_SIZE 160u /* NUL included */

/*
 * The message that gives the server the next key, where one is due by
 * wk_device_options.update and this session's login was accepted.
 * WK_DEVICE_NOTHING: none is; else as wk_device_password().
 */
WK_DEVICE_MUST enum wk_device_result
wk_device_update(struct wk_device *device, char text[WK_DEVICE_UPDATE_SIZE],
                 struct wk_device_error *error);

#endif

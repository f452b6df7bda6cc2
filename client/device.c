/* SPDX-License-Identifier: Apache-2.0 */
/* libwhitekey-client: one device, and its user, behind one plain interface. */
#include <whitekey/device.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/client.h>

#define TOPIC_SIZE 64u

struct wk_device {
  struct wk_client *client;
  struct wk_client *user; /* NULL: nobody has to agree */
  enum wk_update_when when;
  char x3_topic[TOPIC_SIZE];
  char x4_topic[TOPIC_SIZE];
};

_Static_assert(WK_PASSWORD_MAX < WK_DEVICE_PASSWORD_SIZE, "a password fits");
_Static_assert(WK_OTP_BINARY_MAX <= WK_DEVICE_AUTH_SIZE, "its bytes do");
_Static_assert(WK_B64_LEN(WK_X3_LEN) < WK_DEVICE_UPDATE_SIZE, "an X3 does");
_Static_assert(WK_CHALLENGE_LEN == WK_DEVICE_CHALLENGE_LEN, "section 5");
_Static_assert(sizeof(struct wk_device_error) == sizeof(struct wk_why),
               "a sentence fits");
_Static_assert((int)WK_DEVICE_UPDATE_SESSION == (int)WK_UPDATE_SESSION &&
                   (int)WK_DEVICE_UPDATE_NEVER == (int)WK_UPDATE_NEVER,
               "both count alike");

static enum wk_device_result result_of(enum wk_err err) {
  switch (err) {
  case WK_OK:
    return WK_DEVICE_OK;
  case WK_ERR_ARGUMENT:
    return WK_DEVICE_ARGUMENT;
  case WK_ERR_EXHAUSTED:
    return WK_DEVICE_SPENT;
  case WK_ERR_BUSY:
    return WK_DEVICE_BUSY;
  case WK_ERR_FORGED:
    return WK_DEVICE_NOT_PROVEN;
  case WK_ERR_CHAIN:
    return WK_DEVICE_STOLEN;
  case WK_ERR_MALFORMED:
  case WK_ERR_EXISTS:
  case WK_ERR_MISSING:
  case WK_ERR_CORRUPT:
  case WK_ERR_KEY:
    return WK_DEVICE_CREDENTIAL;
  case WK_ERR_SPACE:
  case WK_ERR_IO:
  case WK_ERR_MEMORY:
  case WK_ERR_AGAIN:
  default:
    return WK_DEVICE_SYSTEM;
  }
}

static enum wk_device_result tell(struct wk_device_error *error,
                                  enum wk_device_result result,
                                  const struct wk_why *why) {
  if (error && result == WK_DEVICE_OK)
    error->text[0] = '\0';
  else if (error)
    memcpy(error->text, why->text, sizeof error->text);
  return result;
}

/* ---- life --------------------------------------------------------------- */

static enum wk_err open_client(struct wk_client **client, const char *path,
                               bool user,
                               const struct wk_device_options *options,
                               struct wk_why *why) {
  wk_clock *clock = options->no_clock ? NULL : wk_clock_system;
  enum wk_err err = user ? wk_client_open_user(client, path, clock, NULL, why)
                         : wk_client_open(client, path, clock, NULL, why);
  if (err == WK_OK && options->reserve > 0)
    err = wk_client_reserve(*client, options->reserve, why);
  /* Here it is the file that does not fit, and not the caller's mistake. */
  return err == WK_ERR_ARGUMENT ? WK_ERR_MALFORMED : err;
}

static enum wk_err open_device(struct wk_device *device, const char *path,
                               const struct wk_device_options *options,
                               struct wk_why *why) {
  enum wk_err err = open_client(&device->client, path, false, options, why);
  if (err == WK_OK && options->user_credential)
    err = open_client(&device->user, options->user_credential, true, options,
                      why);
  if (err != WK_OK)
    return err;
  const char *name = wk_client_id(device->client)->did;
  device->when = (enum wk_update_when)options->update;
  (void)snprintf(device->x3_topic, TOPIC_SIZE, "whitekey/v1/%s/x3", name);
  (void)snprintf(device->x4_topic, TOPIC_SIZE, "whitekey/v1/%s/x4", name);
  return WK_OK;
}

static bool options_valid(const struct wk_device_options *options) {
  return options->size == sizeof *options &&
         options->reserve <= WK_RESERVE_MAX &&
         options->update <= WK_DEVICE_UPDATE_NEVER;
}

enum wk_device_result wk_device_open(struct wk_device **device,
                                     const char *path,
                                     const struct wk_device_options *options,
                                     struct wk_device_error *error) {
  const struct wk_device_options usual = {.size = sizeof usual};
  struct wk_why why = {""};
  *device = NULL;
  if (!options)
    options = &usual;
  if (!path || !options_valid(options)) {
    wk_why_set(&why, "wk_device_open: no path, or an option out of range");
    return tell(error, WK_DEVICE_ARGUMENT, &why);
  }
  struct wk_device *made = calloc(1, sizeof *made);
  enum wk_err err = made ? open_device(made, path, options, &why)
                         : wk_fail(&why, WK_ERR_MEMORY, "out of memory");
  if (err != WK_OK) {
    wk_device_close(made);
    made = NULL;
  }
  *device = made;
  return tell(error, result_of(err), &why);
}

void wk_device_close(struct wk_device *device) {
  if (!device)
    return;
  wk_client_free(device->client);
  wk_client_free(device->user);
  free(device);
}

const char *wk_device_name(const struct wk_device *device) {
  return wk_client_id(device->client)->did;
}

const char *wk_device_x3_topic(const struct wk_device *device) {
  return device->x3_topic;
}

const char *wk_device_x4_topic(const struct wk_device *device) {
  return device->x4_topic;
}

/* ---- a login ------------------------------------------------------------ */

static enum wk_err next(struct wk_device *device, const uint8_t *challenge,
                        struct wk_otp *otp, struct wk_why *why) {
  enum wk_err err = wk_client_next(device->client, challenge, otp, why);
  if (err == WK_OK && device->user)
    err = wk_client_user(device->user, challenge, otp, why);
  if (err == WK_ERR_FORGED || err == WK_ERR_ARGUMENT) /* not its user's file */
    err = WK_ERR_KEY;
  return err;
}

enum wk_device_result wk_device_password(struct wk_device *device,
                                         char text[WK_DEVICE_PASSWORD_SIZE],
                                         struct wk_device_error *error) {
  struct wk_otp otp;
  struct wk_why why;
  memset(text, 0, WK_DEVICE_PASSWORD_SIZE);
  const enum wk_err err = next(device, NULL, &otp, &why);
  if (err == WK_OK)
    wk_otp_password(&otp, text);
  wk_wipe(&otp, sizeof otp);
  return tell(error, result_of(err), &why);
}

/* Data for the server: the name before the messages, the messages, or both. */
static enum wk_device_result auth(struct wk_device *device,
                                  const uint8_t *challenge, uint8_t *data,
                                  size_t *len, struct wk_device_error *error) {
  const struct wk_id *id = wk_client_id(device->client);
  const size_t name_len = 1u + id->did_len;
  uint8_t whole[WK_OTP_BINARY_MAX];
  struct wk_otp otp;
  struct wk_why why;
  memset(data, 0, WK_DEVICE_AUTH_SIZE);
  *len = 0;
  const enum wk_err err = next(device, challenge, &otp, &why);
  if (err == WK_OK) {
    const size_t skip = challenge ? name_len : 0;
    *len = wk_otp_binary(&otp, id, whole) - skip;
    memcpy(data, whole + skip, *len);
  }
  wk_wipe(whole, sizeof whole);
  wk_wipe(&otp, sizeof otp);
  return tell(error, result_of(err), &why);
}

enum wk_device_result wk_device_auth_data(struct wk_device *device,
                                          uint8_t data[WK_DEVICE_AUTH_SIZE],
                                          size_t *len,
                                          struct wk_device_error *error) {
  return auth(device, NULL, data, len, error);
}

void wk_device_auth_name(const struct wk_device *device,
                         uint8_t data[WK_DEVICE_AUTH_SIZE], size_t *len) {
  const struct wk_id *id = wk_client_id(device->client);
  memset(data, 0, WK_DEVICE_AUTH_SIZE);
  data[0] = id->did_len;
  memcpy(data + 1, id->did, id->did_len);
  *len = 1u + id->did_len;
}

enum wk_device_result
wk_device_auth_answer(struct wk_device *device, const uint8_t *challenge,
                      size_t challenge_len, uint8_t data[WK_DEVICE_AUTH_SIZE],
                      size_t *len, struct wk_device_error *error) {
  struct wk_why why;
  if (challenge && challenge_len == WK_CHALLENGE_LEN)
    return auth(device, challenge, data, len, error);
  memset(data, 0, WK_DEVICE_AUTH_SIZE);
  *len = 0;
  wk_why_set(&why, "%s: the server's challenge is not %u bytes",
             wk_device_name(device), WK_CHALLENGE_LEN);
  return tell(error, WK_DEVICE_ARGUMENT, &why);
}

void wk_device_accepted(struct wk_device *device) {
  wk_client_accepted(device->client);
  if (device->user)
    wk_client_accepted(device->user);
}

void wk_device_refused(struct wk_device *device) {
  wk_client_refused(device->client);
  if (device->user)
    wk_client_refused(device->user);
}

/* ---- X4 and X3 ---------------------------------------------------------- */

enum wk_device_result wk_device_check(struct wk_device *device,
                                      const void *data, size_t len,
                                      struct wk_device_error *error) {
  struct wk_reply reply;
  struct wk_why why;
  struct wk_why whose;
  enum wk_err err = wk_client_check(device->client, data, len, &reply, &why);
  if (device->user && (err == WK_OK || err == WK_ERR_FORGED)) {
    /* Both wait for the login's X4, each alone for that of its own X3. */
    const enum wk_err theirs =
        wk_client_check(device->user, data, len, &reply, &whose);
    if (err == WK_ERR_FORGED || theirs != WK_ERR_FORGED) {
      err = theirs;
      why = whose;
    }
  }
  if (err == WK_ERR_MALFORMED)
    err = WK_ERR_FORGED;
  return tell(error, result_of(err), &why);
}

enum wk_device_result wk_device_check_text(struct wk_device *device,
                                           const char *text, size_t len,
                                           struct wk_device_error *error) {
  uint8_t x4[WK_X4_LEN];
  struct wk_why why;
  if (wk_b64_parse(x4, sizeof x4, text, len) == WK_OK)
    return wk_device_check(device, x4, sizeof x4, error);
  wk_why_set(&why, "%s: the server's answer is no X4 message",
             wk_device_name(device));
  return tell(error, WK_DEVICE_NOT_PROVEN, &why);
}

enum wk_device_result wk_device_update(struct wk_device *device,
                                       char text[WK_DEVICE_UPDATE_SIZE],
                                       struct wk_device_error *error) {
  uint8_t x3[WK_X3_LEN];
  struct wk_why why;
  memset(text, 0, WK_DEVICE_UPDATE_SIZE);
  enum wk_err err = wk_client_update(device->client, device->when, x3, &why);
  if (err == WK_ERR_MISSING && device->user)
    err = wk_client_update(device->user, device->when, x3, &why);
  if (err == WK_ERR_MISSING)
    return tell(error, WK_DEVICE_NOTHING, &why);
  if (err == WK_OK)
    wk_b64_write(text, x3, sizeof x3);
  return tell(error, result_of(err), &why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `whitekey enrol --dongle`: the chain is made inside, and stays there. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <whitekey/dongle.h>

#include "enrol.h"
#include "touch.h"

#define LOOK_MS 200

/* ---- the dongle's chain ------------------------------------------------- */

static void show_progress(const char *did, const struct wk_dongle_info *info) {
  const uint32_t done = info->at <= info->n ? info->n - info->at : 0;
  if (isatty(STDERR_FILENO))
    (void)fprintf(stderr, "\r%s: the dongle computes its chain: %3u %%", did,
                  (unsigned)(info->n > 0 ? done * 100ull / info->n : 0));
}

static void end_progress(const char *did) {
  if (isatty(STDERR_FILENO))
    (void)fprintf(stderr, "\r%s: the dongle computed its chain        \n",
                  did);
}

static enum wk_err wait_computed(struct wk_dongle *dongle, const char *did,
                                 struct wk_why *why) {
  const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
  struct wk_dongle_info info;
  enum wk_err err = wk_dongle_info(dongle, &info, why);
  while (err == WK_OK && info.state == WK_DONGLE_COMPUTING) {
    show_progress(did, &info);
    (void)nanosleep(&pause, NULL);
    err = wk_dongle_info(dongle, &info, why);
  }
  end_progress(did);
  if (err == WK_OK &&
      (info.state != WK_DONGLE_KEYLESS || strcmp(info.did, did) != 0))
    err =
        wk_fail(why, WK_ERR_IO,
                "the dongle lost what it computed for %s: enrol it anew", did);
  return err;
}

static enum wk_err erase(struct wk_dongle *dongle, const char *port,
                         struct wk_why *why) {
  struct touch touch = {.port = port, .what = ", to erase the dongle"};
  enum wk_err err = WK_OK;
  do
    err = wk_dongle_reset(dongle, why);
  while (touch_again(&touch, err));
  return err;
}

/* One with a sensor learns a finger first, in two looks at it. */
static enum wk_err learn_finger(struct wk_dongle *dongle, const char *port,
                                struct wk_why *why) {
  enum wk_err err = WK_OK;
  for (uint8_t step = 1; step <= 2 && err == WK_OK; step++) {
    struct touch touch = {.port = port, .what = ", for it to learn a finger"};
    do
      err = wk_dongle_finger(dongle, step, why);
    while (touch_again(&touch, err));
  }
  return err == WK_ERR_MISSING ? WK_OK : err;
}

static enum wk_err make_chain(struct wk_dongle *dongle,
                              const struct enrol_input *input,
                              const struct wk_id *id, struct wk_why *why) {
  struct touch touch = {.port = input->port};
  struct wk_dongle_info info;
  enum wk_err err = WK_OK;
  if (input->erase)
    err = erase(dongle, input->port, why);
  if (err == WK_OK)
    err = wk_dongle_info(dongle, &info, why);
  if (err == WK_OK && info.state == WK_DONGLE_BLANK)
    err = learn_finger(dongle, input->port, why);
  if (err != WK_OK)
    return err;
  do
    err = wk_dongle_enrol(dongle, id, input->length, why);
  while (touch_again(&touch, err));
  return err == WK_OK ? wait_computed(dongle, input->device.did, why) : err;
}

/* ---- the server's part -------------------------------------------------- */

static enum wk_err open_registrar(struct registrar *registrar,
                                  struct wk_enrolment *device,
                                  struct wk_credential *credential,
                                  const struct enrol_input *input,
                                  struct wk_why *why) {
  enum wk_err err = registrar_open(registrar, &input->device.place, why);
  if (err != WK_OK)
    return err;
  err = enrol_begin(device, credential, registrar, input, why);
  if (err != WK_OK)
    registrar_close(registrar);
  return err;
}

static enum wk_err hand_over(struct wk_dongle *dongle,
                             const struct enrol_input *input,
                             const struct wk_credential *credential,
                             struct wk_why *why) {
  enum wk_err err = WK_OK;
  if (input->user_out)
    err = enrol_write_out(credential, input->user_out, why);
  if (err != WK_OK)
    return err;
  err = wk_dongle_key(dongle, credential->ks, why);
  if (err != WK_OK && input->user_out)
    (void)unlink(input->user_out); /* worthless now, and in the way */
  return err;
}

static enum wk_err
register_dongle(struct registrar *registrar, struct wk_dongle *dongle,
                struct wk_enrolment *device, const struct enrol_input *input,
                struct wk_credential *credential, struct wk_why *why) {
  struct wk_enrolled_chain *c = &device->c;
  c->present = true;
  c->n = input->length;
  enum wk_err err = wk_dongle_public(dongle, device->bio_id, c->anchor, why);
  memcpy(credential->bio_id, device->bio_id, WK_BIO_LEN);
  if (err == WK_OK)
    err = registrar_enrol(registrar, device, &credential->generation,
                          credential->ks, why);
  if (err != WK_OK)
    return err;
  err = hand_over(dongle, input, credential, why);
  return err == WK_OK
             ? WK_OK
             : enrol_take_back(registrar, input->device.did, err, why);
}

/* Opened twice: the realm is needed first, and no broker keeps a connection
 * that says nothing while a chip computes for a minute and a half. */
static enum wk_err enrol_opened(struct wk_dongle *dongle,
                                const struct enrol_input *input,
                                struct wk_enrolment *device,
                                struct wk_credential *credential,
                                struct wk_why *why) {
  struct registrar registrar;
  enum wk_err err = open_registrar(&registrar, device, credential, input, why);
  if (err != WK_OK)
    return err;
  registrar_close(&registrar);
  err = make_chain(dongle, input, &credential->id, why);
  if (err == WK_OK)
    err = open_registrar(&registrar, device, credential, input, why);
  if (err != WK_OK)
    return err;
  err = register_dongle(&registrar, dongle, device, input, credential, why);
  registrar_close(&registrar);
  return err;
}

enum wk_err enrol_dongle(const struct enrol_input *input,
                         struct wk_credential *credential,
                         struct wk_why *why) {
  struct wk_enrolment device;
  struct wk_dongle *dongle = NULL;
  enum wk_err err = WK_OK;
  if (input->user_out)
    err = enrol_try_out(input->user_out, why);
  if (err == WK_OK)
    err = wk_dongle_open(&dongle, input->port, why);
  if (err == WK_OK)
    err = enrol_opened(dongle, input, &device, credential, why);
  wk_dongle_close(dongle);
  wk_wipe(&device, sizeof device);
  return err;
}

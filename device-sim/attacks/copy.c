/* SPDX-License-Identifier: Apache-2.0 */
/* The device's secrets in other hands. */
#include "attacks.h"

#include <whitekey/bytes.h>

#define TRIES 8 /* the skip-ahead after refusals takes 7 */
#define ROUNDS 3

static struct wk_client *thief_of(struct lab *lab, uint32_t next) {
  struct wk_credential stolen = lab->device;
  stolen.c.next = next;
  struct wk_client *thief = lab_client(lab, &stolen);
  wk_credential_wipe(&stolen);
  return thief;
}

/* Quarantined, the thief's session closed, and his next login refused. */
static void look_if_caught(struct lab *lab, struct wk_client *thief) {
  if (!lab_quarantined(lab))
    return;
  const bool cut = peer_is_cut(&lab->thief);
  lab_say(lab, "the copy: %s",
          cut ? "its session was closed" : "still online");
  lab->caught = cut && !lab_attack_with(lab, "the copy again", thief);
}

void attack_copy_first(struct lab *lab) {
  struct wk_client *thief = thief_of(lab, 1);
  if (!lab_attack_with(lab, "the copy", thief))
    lab_fail(lab, "the copy's first login was not let in");
  lab_next_second(lab);
  (void)lab_login(lab, "the device", lab->client, &lab->home);
  look_if_caught(lab, thief);
}

/* He tries as long as the skip-ahead lasts. */
void attack_copy_second(struct lab *lab) {
  struct wk_client *thief = thief_of(lab, 1);
  bool in = false;
  lab_must(lab);
  lab_next_second(lab);
  for (int i = 0; i < TRIES && !in; i++)
    in = lab_attack_with(lab, "the copy", thief);
  if (!in && lab_quarantined(lab))
    lab_say(lab, "the device is locked out too, until an operator decides");
}

/* As a real device: it tries again when it is refused. Gives the index that
 * got in, as everybody on the path sees it; 0: none. */
static uint32_t log_in_somehow(struct lab *lab) {
  struct wk_header header;
  for (int i = 0; i < TRIES && lab->err == WK_OK; i++) {
    struct wk_otp otp;
    struct packet packet;
    lab->err = wk_client_next(lab->client, NULL, &otp, &lab->why);
    lab_write_parts(lab, &packet, lab->device.id.did, otp.x1, sizeof otp.x1,
                    NULL, 0);
    const enum answer answer =
        lab_send(lab, "the device", &packet, &lab->home);
    const bool whole =
        wk_header_parse(&header, WK_X1, otp.x1, sizeof otp.x1) == WK_OK;
    wk_wipe(&otp, sizeof otp);
    wk_wipe(&packet, sizeof packet);
    if (answer == ANSWER_ACCEPTED && whole) {
      wk_client_accepted(lab->client);
      return header.index;
    }
    if (lab->err == WK_OK)
      wk_client_refused(lab->client);
  }
  return 0;
}

/* A thief who hears each login of the device, and goes one further. */
static void alternate(struct lab *lab) {
  struct wk_client *thief = NULL;
  for (int i = 0; i < ROUNDS; i++) {
    const uint32_t index = log_in_somehow(lab);
    if (index == 0)
      break;
    lab_next_second(lab);
    thief = thief_of(lab, index + 1);
    (void)lab_attack_with(lab, "the copy, one further", thief);
    lab_next_second(lab);
  }
  if (!thief)
    lab_fail(lab, "the device's first login was not let in");
  look_if_caught(lab, thief);
}

void attack_copy_alternating(struct lab *lab) {
  alternate(lab);
}

/* Nothing tells such a device's second use of an index from a late message:
 * an alarm, and no more, unless it answers challenges. */
void attack_copy_no_clock(struct lab *lab) {
  lab->no_clock = true;
  alternate(lab);
}

/* He has all that is in the chip, and the chip: the device says nothing. */
void attack_chip_owner(struct lab *lab) {
  struct wk_client *owner = thief_of(lab, 1);
  for (int i = 0; i < ROUNDS; i++)
    (void)lab_attack_with(lab, "the chip's owner", owner);
  (void)lab_quarantined(lab);
}

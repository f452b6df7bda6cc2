/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose user takes part: X1 and X2 belong together. */
#include "attacks.h"

#include <whitekey/bytes.h>

static void make(struct lab *lab, struct wk_otp *otp) {
  *otp = (struct wk_otp){0};
  if (lab->err == WK_OK)
    lab->err = wk_client_next(lab->client, NULL, otp, &lab->why);
}

static void send_pair(struct lab *lab, const char *who, const uint8_t *x1,
                      size_t x1_len, const uint8_t *x2) {
  struct packet packet;
  lab_write_parts(lab, &packet, lab->device.id.did, x1, x1_len, x2, WK_X2_LEN);
  lab_attack(lab, who, &packet);
  wk_wipe(&packet, sizeof packet);
}

/* What a stolen dongle, a stolen phone, or both heard at different times,
 * could send. */
void attack_mixed_pairs(struct lab *lab) {
  struct wk_otp first;
  struct wk_otp second;
  make(lab, &first);
  make(lab, &second);
  send_pair(lab, "X1 alone", first.x1, WK_X1_LEN, NULL);
  send_pair(lab, "X2 alone", first.x2, WK_X2_LEN, NULL);
  send_pair(lab, "X2 in place of X1, and X2", first.x2, WK_X1_LEN, first.x2);
  send_pair(lab, "X1 with the X2 of another login", first.x1, WK_X1_LEN,
            second.x2);
  send_pair(lab, "the other way round", second.x1, WK_X1_LEN, first.x2);
  lab_still(lab);
  wk_wipe(&first, sizeof first);
  wk_wipe(&second, sizeof second);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key update that the device did not make, from somebody on an unprotected
 * path.
 */
#include "attacks.h"

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/random.h>

#include "craft.h"

/* X3's body: role, epoch and length come before the anchor. */
#define ANCHOR_AT (WK_HEADER_LEN + 9u)
#define LENGTH 256u

static void inject(struct lab *lab, struct peer *session, const char *what,
                   const char *text) {
  char topic[64];
  if (lab->err != WK_OK)
    return;
  (void)snprintf(topic, sizeof topic, "whitekey/v1/%s/x3", lab->device.id.did);
  lab_say(lab, "%s: PUBACK %d", what, peer_publish(session, topic, text));
}

/* A fingerprint opens nothing without the pairwise secret. */
static void with_bio_id(struct lab *lab,
                        const struct wk_credential_chain *chain) {
  struct wk_credential keys = lab->device;
  char text[CRAFT_X3_TEXT];
  wk_random(keys.ks, sizeof keys.ks);
  craft_update(text, &keys, 1, chain, NULL);
  inject(lab, &lab->home, "an X3 sealed with the stolen bio_id", text);
  wk_credential_wipe(&keys);
}

/* The device's own X3, with another anchor where its own stood. */
static void spliced(struct lab *lab) {
  uint8_t x3[WK_X3_LEN] = {0};
  char text[CRAFT_X3_TEXT];
  if (lab->err == WK_OK)
    lab->err = wk_client_update(lab->client, WK_UPDATE_SESSION, x3, &lab->why);
  wk_random(x3 + ANCHOR_AT, WK_VALUE_LEN);
  wk_b64_write(text, x3, sizeof x3);
  inject(lab, &lab->home, "the device's X3 with another anchor", text);
}

/* He opens and seals as the device does, and lacks its next password. */
static void with_all_keys(struct lab *lab,
                          const struct wk_credential_chain *chain) {
  char text[CRAFT_X3_TEXT];
  craft_update(text, &lab->device, 1, chain, NULL);
  inject(lab, &lab->home, "an X3 sealed with stolen Ks and bio_id", text);
}

void attack_spliced_update(struct lab *lab) {
  struct wk_credential his = lab->device;
  wk_credential_chain_new(&his.c, LENGTH);
  his.c.epoch = 1;
  struct wk_client *attacker = lab_client(lab, &his);
  lab_must(lab);
  with_bio_id(lab, &his.c);
  spliced(lab);
  with_all_keys(lab, &his.c);
  (void)lab_attack_with(lab, "the attacker's chain, at once", attacker);
  lab_still(lab);
  (void)lab_attack_with(lab, "the attacker's chain, after it", attacker);
  lab_alive(lab);
  wk_credential_wipe(&his);
}

/* ---- with the keys, and what the device says -----------------------------
 */

/* The password of a login that the attacker keeps from the broker. */
static void withhold(struct lab *lab, uint8_t x[WK_VALUE_LEN]) {
  struct wk_header header;
  struct wk_login body = {0};
  struct wk_otp otp;
  memset(x, 0, WK_VALUE_LEN);
  if (lab->err == WK_OK)
    lab->err = wk_client_next(lab->client, NULL, &otp, &lab->why);
  if (lab->err != WK_OK)
    return;
  if (!craft_open(&header, &body, &lab->device, otp.x1))
    lab_fail(lab, "stolen keys do not open it: this proves nothing");
  memcpy(x, body.x, WK_VALUE_LEN);
  lab_say(lab, "the device: index %u, withheld", header.index);
  wk_wipe(&body, sizeof body);
  wk_wipe(&otp, sizeof otp);
}

/* The attacker logs in with it, in an envelope of his own, and stays. */
static void spend(struct lab *lab, uint32_t index,
                  const uint8_t x[WK_VALUE_LEN]) {
  struct packet packet;
  uint8_t x1[WK_X1_LEN];
  craft_login(x1, &lab->device, index, lab_now(lab), x);
  lab_write_parts(lab, &packet, lab->device.id.did, x1, sizeof x1, NULL, 0);
  if (lab_send(lab, "the attacker, with that password", &packet,
               &lab->thief) == ANSWER_ACCEPTED)
    lab->intruded++;
  wk_wipe(&packet, sizeof packet);
}

/*
 * Section 1's last sentence: two logins withheld give a password to log in
 * with and one that vouches for a chain of the attacker's. The device's return
 * raises an alarm, and it stays outside.
 */
void attack_takeover(struct lab *lab) {
  struct wk_credential his = lab->device;
  uint8_t x[2][WK_VALUE_LEN];
  struct packet first;
  char text[CRAFT_X3_TEXT];
  wk_credential_chain_new(&his.c, LENGTH);
  his.c.epoch = 1;
  struct wk_client *attacker = lab_client(lab, &his);
  withhold(lab, x[0]);
  withhold(lab, x[1]);
  spend(lab, 1, x[0]);
  if (lab->intruded > 0) {
    craft_update(text, &lab->device, 1, &his.c, x[1]);
    inject(lab, &lab->thief, "an X3 that the withheld password vouches for",
           text);
    spend(lab, 2, x[1]);
    lab_write(lab, &first, attacker);
    lab_attack(lab, "the attacker's chain", &first);
    lab_still(lab);
  }
  wk_credential_wipe(&his);
  wk_wipe(x, sizeof x);
}

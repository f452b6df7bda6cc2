/* SPDX-License-Identifier: Apache-2.0 */
/* Messages made up, changed, or carried to where they do not belong. */
#include "attacks.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/random.h>

#include "craft.h"

/* The device's next X1, which does not reach the broker. */
static void withhold(struct lab *lab, uint8_t x1[WK_X1_LEN]) {
  struct wk_otp otp;
  memset(x1, 0, WK_X1_LEN);
  if (lab->err == WK_OK)
    lab->err = wk_client_next(lab->client, NULL, &otp, &lab->why);
  if (lab->err != WK_OK)
    return;
  memcpy(x1, otp.x1, WK_X1_LEN);
  wk_wipe(&otp, sizeof otp);
}

static void send_as(struct lab *lab, const char *who, const char *did,
                    const uint8_t *x1, size_t len) {
  struct packet packet;
  lab_write_parts(lab, &packet, did, x1, len, NULL, 0);
  lab_attack(lab, who, &packet);
  wk_wipe(&packet, sizeof packet);
}

/* The withheld message gets in as it is: what was refused was refused for
 * what the attacker made of it. */
static void deliver(struct lab *lab, const uint8_t x1[WK_X1_LEN]) {
  struct packet packet;
  lab_write_parts(lab, &packet, lab->device.id.did, x1, WK_X1_LEN, NULL, 0);
  if (lab_send(lab, "the device's own message, unchanged", &packet,
               &lab->home) != ANSWER_ACCEPTED)
    lab_harmed(lab, "a message that nobody changed is refused");
  wk_wipe(&packet, sizeof packet);
}

void attack_forged(struct lab *lab) {
  struct wk_credential guessed = lab->device;
  const char *did = lab->device.id.did;
  uint8_t x[WK_VALUE_LEN];
  uint8_t x1[WK_X1_LEN];
  wk_random(guessed.ks, sizeof guessed.ks);
  wk_random(guessed.bio_id, sizeof guessed.bio_id);
  wk_random(x, sizeof x);
  lab_must(lab);
  craft_login(x1, &guessed, 2, lab_now(lab), x);
  send_as(lab, "guessed keys, guessed password", did, x1, sizeof x1);
  wk_random(x1 + WK_HEADER_LEN, sizeof x1 - WK_HEADER_LEN);
  send_as(lab, "a right header and noise", did, x1, sizeof x1);
  memset(x1 + WK_HEADER_LEN, 0, sizeof x1 - WK_HEADER_LEN);
  send_as(lab, "a right header and zeros", did, x1, sizeof x1);
  send_as(lab, "a header alone", did, x1, WK_HEADER_LEN);
  send_as(lab, "nothing", did, x1, 0);
  lab_alive(lab);
  lab_still(lab);
  wk_credential_wipe(&guessed);
}

void attack_bit_flip(struct lab *lab) {
  uint8_t x1[WK_X1_LEN];
  const unsigned before = lab->intruded;
  withhold(lab, x1);
  lab->hushed = true;
  for (size_t i = 0; i < 8 * sizeof x1 && lab->err == WK_OK; i++) {
    x1[i / 8] ^= (uint8_t)(1u << i % 8);
    send_as(lab, "flipped", lab->device.id.did, x1, sizeof x1);
    x1[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  lab->hushed = false;
  lab_say(lab, "each of its %zu bits flipped: %u let in", 8 * sizeof x1,
          lab->intruded - before);
  deliver(lab, x1);
  wk_wipe(x1, sizeof x1);
}

void attack_cross_device(struct lab *lab) {
  static const char neighbour[] = "sim-neighbour";
  struct wk_credential own;
  uint8_t x1[WK_X1_LEN];
  struct wk_otp otp = {0};
  lab_enrol(lab, &own, neighbour, lab->options->length, false);
  struct wk_client *attacker = lab_client(lab, &own);
  withhold(lab, x1);
  send_as(lab, "the device's message under another name", neighbour, x1,
          sizeof x1);
  if (lab->err == WK_OK)
    lab->err = wk_client_next(attacker, NULL, &otp, &lab->why);
  send_as(lab, "the attacker's own under the device's name",
          lab->device.id.did, otp.x1, sizeof otp.x1);
  deliver(lab, x1);
  wk_credential_wipe(&own);
  wk_wipe(&otp, sizeof otp);
  wk_wipe(x1, sizeof x1);
}

/* The worst case: another registry that knows the device by the same name,
 * fingerprint, keys and chain. Only the realm differs. */
void attack_cross_realm(struct lab *lab) {
  struct wk_credential other = lab->device;
  struct packet packet;
  lab_must(lab);
  wk_random(other.id.realm, sizeof other.id.realm);
  other.c.next = 2;
  struct wk_client *client = lab_client(lab, &other);
  lab_write(lab, &packet, client);
  lab_attack(lab, "a login that is meant for another registry", &packet);
  lab_still(lab);
  wk_credential_wipe(&other);
  wk_wipe(&packet, sizeof packet);
}

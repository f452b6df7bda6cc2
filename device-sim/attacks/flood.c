/* SPDX-License-Identifier: Apache-2.0 */
/* Junk in numbers: more than the broker tells one by one. */
#include "attacks.h"

#include <stdio.h>

#include <whitekey/bytes.h>
#include <whitekey/random.h>

#include "craft.h"

#define FLOOD 300u /* three times the burst of one address */

static void junk(struct lab *lab, const char *did) {
  uint8_t x1[WK_X1_LEN] = {1, WK_X1, 0, 0, 0, 0, 0, 0, 0, 1};
  struct packet packet;
  wk_random(x1 + WK_HEADER_LEN, sizeof x1 - WK_HEADER_LEN);
  lab_write_parts(lab, &packet, did, x1, sizeof x1, NULL, 0);
  lab_attack(lab, "junk", &packet);
}

static void end_of_flood(struct lab *lab, unsigned before) {
  lab->hushed = false;
  lab_say(lab, "%u junk logins: %u let in", FLOOD, lab->intruded - before);
  lab_alive(lab);
  lab_still(lab);
}

/* All in the device's name, from here and there. */
void attack_flood_name(struct lab *lab) {
  const unsigned before = lab->intruded;
  const in_addr_t home = lab->place.source.sin_addr.s_addr;
  lab_must(lab);
  lab->hushed = true;
  for (uint32_t i = 0; i < FLOOD && lab->err == WK_OK; i++) {
    if (lab->place.source.sin_family == AF_INET)
      lab->place.source.sin_addr.s_addr =
          htonl((ntohl(home) & 0xffff0000u) | (i + 1));
    junk(lab, lab->device.id.did);
  }
  lab->place.source.sin_addr.s_addr = home;
  end_of_flood(lab, before);
}

/* All from the address that the device has too, which must not suffer for it;
 * and under so much noise a copy must still be noticed. */
void attack_flood_address(struct lab *lab) {
  const unsigned before = lab->intruded;
  struct wk_client *copy = lab_client(lab, &lab->device);
  lab_must(lab);
  lab->hushed = true;
  for (unsigned i = 0; i < FLOOD && lab->err == WK_OK; i++) {
    char did[WK_DID_MAX + 1];
    (void)snprintf(did, sizeof did, "nobody-%u", i);
    junk(lab, did);
  }
  end_of_flood(lab, before);
  lab_next_second(lab);
  (void)lab_attack_with(lab, "a copy, in the noise", copy);
  if (!lab_quarantined(lab))
    lab_harmed(lab, "the noise hid a copy");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What was heard or held back, sent later. */
#include "attacks.h"

#define DAY 86400 /* the broker's max_skew cannot be longer */
#define HOUR 3600

/*
 * The same bytes again, while the device is online and after it left. It must
 * be neither disturbed nor locked out: else an eavesdropper could do that.
 */
void attack_replay(struct lab *lab) {
  struct packet heard;
  lab_write(lab, &heard, lab->client);
  if (lab_send(lab, "the device", &heard, &lab->home) != ANSWER_ACCEPTED)
    lab_fail(lab, "the login that is to be replayed was not let in");
  lab_attack(lab, "replay while it is online", &heard);
  lab_alive(lab);
  peer_close(&lab->home);
  lab_attack(lab, "replay after it left", &heard);
  lab_still(lab);
  wk_wipe(&heard, sizeof heard);
}

/*
 * Logins that never reached the broker, delivered by the attacker: one a day
 * later, one after the device has got in with another. (At once, before the
 * device tries again, is what a live relay does.)
 */
void attack_pre_play(struct lab *lab) {
  struct packet withheld;
  lab->ahead = -(DAY + HOUR);
  lab_write(lab, &withheld, lab->client);
  lab->ahead = 0;
  lab_attack(lab, "a login of yesterday", &withheld);
  lab_write(lab, &withheld, lab->client);
  lab_must(lab);
  lab_attack(lab, "one of before the device's last", &withheld);
  lab_alive(lab);
  lab_still(lab);
  wk_wipe(&withheld, sizeof withheld);
}

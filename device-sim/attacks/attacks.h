/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attacks.h - the attacks, by family; table.c tells what each is for.
 */
#ifndef WK_SIM_ATTACKS_H
#define WK_SIM_ATTACKS_H

#include "lab.h"

/* again.c: what was heard or held back, sent later */
void attack_replay(struct lab *lab);
void attack_pre_play(struct lab *lab);

/* copy.c: the device's secrets in other hands */
void attack_copy_first(struct lab *lab);
void attack_copy_second(struct lab *lab);
void attack_copy_alternating(struct lab *lab);
void attack_copy_no_clock(struct lab *lab);
void attack_chip_owner(struct lab *lab);

/* challenge.c: devices that answer a challenge */
void attack_challenge_reuse(struct lab *lab);
void attack_copy_challenge(struct lab *lab);

/* backup.c: files put back */
void attack_rollback(struct lab *lab);
void attack_restored_backup(struct lab *lab);

/* forged.c: messages made up, changed or carried elsewhere */
void attack_forged(struct lab *lab);
void attack_bit_flip(struct lab *lab);
void attack_cross_device(struct lab *lab);
void attack_cross_realm(struct lab *lab);

/* splice.c: a key update that the device did not make */
void attack_spliced_update(struct lab *lab);
void attack_takeover(struct lab *lab);

/* stolen.c: the server's data */
void attack_stolen_registry(struct lab *lab);
void attack_stolen_master(struct lab *lab);
void attack_chain_end(struct lab *lab);
void attack_false_clone(struct lab *lab);

/* impostor.c: who plays the broker */
void attack_small_n(struct lab *lab);

/* live.c: who sits between device and broker */
void attack_live_relay(struct lab *lab);
void attack_live_relay_tls(struct lab *lab);

/* flood.c */
void attack_flood_name(struct lab *lab);
void attack_flood_address(struct lab *lab);

/* inside.c: what an enrolled device tries beyond its rights */
void attack_topic_trespass(struct lab *lab);
void attack_control_trespass(struct lab *lab);
void attack_empty_auth(struct lab *lab);

/* pairs.c: a device whose user takes part */
void attack_mixed_pairs(struct lab *lab);

#endif

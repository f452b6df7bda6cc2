/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack.h - attacks on a real broker and its registry, with verdicts:
 *
 *   stopped      the attacker was never let in
 *   noticed      the attacker was let in once, then caught
 *   not stopped  neither, or the defence hurt the honest device
 */
#ifndef WK_SIM_ATTACK_H
#define WK_SIM_ATTACK_H

#include "options.h"

/* Exit status: 0 the defence held, 1 it did not, or could not be tried. */
int attack_run(const struct options *options);

#endif

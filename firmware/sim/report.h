/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WHITEKEY_SIM_REPORT_H
#define WHITEKEY_SIM_REPORT_H

#include "chip.h"

/* What stands where in the EEPROM, and what its cells went through. attended:
 * the key that opens the rest is a finger's. */
void report_print(struct wk_chip *chip, bool attended);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* toy.h - what the schedules' own chains tell of themselves. */
#ifndef WHITEKEY_SCHEDULES_TOY_H
#define WHITEKEY_SCHEDULES_TOY_H

#include <stdint.h>

/* Steps that walks would have taken, ever. */
extern uint64_t toy_steps;

#endif

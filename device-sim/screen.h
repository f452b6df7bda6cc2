/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - a fleet on a terminal: a few lines, written over and over. Where
 * standard error is none, or a dumb one, nothing is shown.
 */
#ifndef WK_SIM_SCREEN_H
#define WK_SIM_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

struct sim;

struct screen {
  unsigned lines; /* that stand there */
  /* What was counted a second ago or more, and what followed from it. */
  uint64_t since;
  uint64_t connects, acked;
  double connect_rate, acked_rate;
};

void screen_show(struct sim *sim);

/* Takes the lines away, for good or for one of the log. */
void screen_clear(struct sim *sim);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack.h - attacks on a real broker and its registry, each with a verdict:
 *
 *   stopped      the attacker was never let in, and nobody else was harmed
 *   noticed      the attacker was let in, then caught and thrown out
 *   not stopped  neither
 *
 * A row says what the design claims. An attack whose verdict is another one,
 * or that leaves no trace where the row promises one, shows a fault.
 */
#ifndef WK_SIM_ATTACK_H
#define WK_SIM_ATTACK_H

#include "options.h"

enum verdict {
  VERDICT_STOPPED,
  VERDICT_NOTICED,
  VERDICT_NOT_STOPPED,
  VERDICT_LEFT_OUT, /* it needs what the options do not give */
  VERDICT_FAILED    /* it could not be tried */
};

struct lab;

struct attack {
  const char *name;
  const char *has;    /* what the attacker has */
  enum verdict claim; /* the design's */
  const char *shown;  /* reason, result or alarm in the audit file; NULL: the
                         broker's answer shows it */
  void (*run)(struct lab *lab);
  uint32_t length; /* of the device's chain, 0: as the options say */
  bool user;       /* its logins need a user's part */
  bool restarts;   /* the broker has to be ours to stop and start */
  bool tls;        /* it has to listen with TLS, too */
};

/* table.c: every attack, in the order of the manual. */
extern const struct attack attack_table[];
extern const size_t attack_count;

const char *verdict_name(enum verdict verdict);

/* NULL: there is none of that name. */
const struct attack *attack_find(const char *name);

/* What the options do not give, in words; NULL: nothing. */
const char *attack_lacks(const struct attack *attack,
                         const struct options *options);

/* Exit status: 0 each claim held, 1 one did not, or could not be tried. */
int attack_run(const struct options *options);

#endif

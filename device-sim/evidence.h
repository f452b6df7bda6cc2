/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - what the registry's audit file says about an attack.
 */
#ifndef WK_SIM_EVIDENCE_H
#define WK_SIM_EVIDENCE_H

#include <whitekey/audit.h>

struct evidence {
  char path[4096];
  long begin; /* where this attack's lines start */
  char line[WK_AUDIT_LINE_MAX];
  char reason[32]; /* of the line */
};

/* From now on lines count. */
WK_MUST_CHECK enum wk_err evidence_begin(struct evidence *evidence,
                                         const char *registry,
                                         struct wk_why *why);

/*
 * Waits a moment for the first refused login of that device since then, and
 * moves on behind it. False: there is none, or the file cannot be read.
 */
bool evidence_next(struct evidence *evidence, const char *did);

#endif

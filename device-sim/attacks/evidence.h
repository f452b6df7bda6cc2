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
};

/* From now on lines count. */
WK_MUST_CHECK enum wk_err evidence_begin(struct evidence *evidence,
                                         const char *registry,
                                         struct wk_why *why);

/*
 * Waits at most so long for a line about that device, or about none, whose
 * reason or result is `word`, or that has an alarm of that name. line is empty
 * where there is none, or the file cannot be read.
 */
bool evidence_find(struct evidence *evidence, const char *did,
                   const char *word, int64_t wait_ms);

#endif

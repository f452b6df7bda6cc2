/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what came of the attacks: a table that is printed as they are
 * tried, and the document of schemas/attack-report.schema.json.
 */
#ifndef WK_SIM_REPORT_H
#define WK_SIM_REPORT_H

#include <cjson/cJSON.h>

#include <whitekey/why.h>

#include "attack.h"

/* What is known once an attack was tried. */
struct outcome {
  enum verdict verdict;
  bool held;            /* the design's claim */
  const char *evidence; /* an audit line, the broker's answer, or why it could
                           not be tried */
  const cJSON *steps;
};

void report_heading(void);
void report_row(const struct attack *attack, const struct outcome *outcome);

/* An object without attacks; NULL: out of memory. */
cJSON *report_new(const struct options *options);
void report_add(cJSON *report, const struct attack *attack,
                const struct outcome *outcome);

WK_MUST_CHECK enum wk_err report_write(const cJSON *report, const char *path,
                                       struct wk_why *why);

/* Every attack there is, and what the design claims. */
void report_list(void);

#endif

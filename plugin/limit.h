/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h - so many lines per stretch of time; the rest is counted, so that a
 * flood of bad logins fills neither log nor topic.
 */
#ifndef WHITEKEY_PLUGIN_LIMIT_H
#define WHITEKEY_PLUGIN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define WK_LIMIT_COUNT 20u
#define WK_LIMIT_MS 10000

struct wk_limit {
  int64_t since; /* milliseconds */
  unsigned passed;
  unsigned held;
};

/*
 * True when one more may pass at now. *held is then how many were held back
 * since the last one that passed.
 */
bool wk_limit_pass(struct wk_limit *limit, int64_t now, unsigned *held);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.h - when a failed login may be tried again: after 1, 2, 4 .. 60
 * seconds, less up to a half by chance, so that a fleet does not come back in
 * step. Times are milliseconds of a clock that only goes forward. Zero it
 * first.
 */
#ifndef WK_AGENT_BACKOFF_H
#define WK_AGENT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000

struct backoff {
  int64_t until; /* nothing is tried before */
  int64_t step;  /* 0: the last attempt went well */
};

bool backoff_over(const struct backoff *backoff, int64_t now);

/* chance: any number; gives the pause. */
int64_t backoff_failed(struct backoff *backoff, int64_t now, uint32_t chance);

void backoff_reset(struct backoff *backoff);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

bool backoff_over(const struct backoff *backoff, int64_t now) {
  return now >= backoff->until;
}

int64_t backoff_failed(struct backoff *backoff, int64_t now, uint32_t chance) {
  const int64_t doubled = backoff->step * 2;
  backoff->step = doubled == 0                ? BACKOFF_FIRST_MS
                  : doubled > BACKOFF_MOST_MS ? BACKOFF_MOST_MS
                                              : doubled;
  const int64_t half = backoff->step / 2;
  const int64_t pause = half + (int64_t)(chance % (uint32_t)(half + 1));
  backoff->until = now + pause;
  return pause;
}

void backoff_reset(struct backoff *backoff) {
  backoff->until = 0;
  backoff->step = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

bool wk_limit_pass(struct wk_limit *limit, int64_t now, unsigned *held) {
  if (now - limit->since >= WK_LIMIT_MS) {
    limit->since = now;
    limit->passed = 0;
  }
  if (limit->passed >= WK_LIMIT_COUNT) {
    limit->held++;
    return false;
  }
  limit->passed++;
  *held = limit->held;
  limit->held = 0;
  return true;
}

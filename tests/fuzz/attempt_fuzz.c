/* SPDX-License-Identifier: Apache-2.0 */
/* Enhanced authentication data, as a peer sends it. */
#include <whitekey/registry.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_attempt attempt;
  wk_attempt_binary(&attempt, NULL, data, size);
  FUZZ_CHECK(attempt.x1_len == 0 || attempt.x1_len == WK_X1_LEN);
  FUZZ_CHECK(attempt.x2_len == 0 || attempt.has_x2);
  if (attempt.x1_len != 0)
    FUZZ_CHECK(size > WK_X1_LEN && attempt.did[WK_DID_MAX] == '\0');
  return 0;
}

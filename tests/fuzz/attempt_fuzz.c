/* SPDX-License-Identifier: Apache-2.0 */
/* Enhanced authentication data, as a peer sends it: CONNECT's, and AUTH's in
 * answer to a challenge. */
#include <whitekey/registry.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_attempt attempt;
  wk_attempt_binary(&attempt, NULL, data, size);
  FUZZ_CHECK(attempt.x1_len == 0 || attempt.x1_len == WK_X1_LEN);
  FUZZ_CHECK(attempt.x2_len == 0 || attempt.has_x2);
  if (attempt.x1_len != 0)
    FUZZ_CHECK(size > WK_X1_LEN && attempt.did[WK_DID_MAX] == '\0');
  wk_attempt_answer(&attempt, "thermo-1", data, size);
  FUZZ_CHECK(attempt.x1_len == 0 || attempt.x1_len == WK_X1_LEN);
  FUZZ_CHECK(attempt.x1_len == 0 || size == attempt.x1_len + attempt.x2_len);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway's policy in YAML. */
#include "fuzz.h"
#include "policy.h"
#include "topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_policy_rules *policy = NULL;
  struct wk_why why;
  if (wk_policy_parse(&policy, (const char *)data, size, "f", &why) != WK_OK) {
    FUZZ_CHECK(!policy);
    return 0;
  }
  for (size_t i = 0; i < policy->count; i++) {
    FUZZ_CHECK(wk_filter_valid(policy->rules[i].topic));
    FUZZ_CHECK(policy->rules[i].release_count > 0);
  }
  wk_policy_free(policy);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A sensor's payload, split by a policy: nothing unnamed may leave. */
#include <string.h>

#include <cjson/cJSON.h>

#include "classify.h"
#include "fuzz.h"

static const char rules[] = "version: 1\n"
                            "rules:\n"
                            "  - topic: \"a\"\n"
                            "    release: [temperature, b.c]\n"
                            "    to: \"p\"\n";

static void check_open(const char *open) {
  cJSON *tree = cJSON_Parse(open);
  FUZZ_CHECK(cJSON_IsObject(tree));
  const cJSON *member = NULL;
  cJSON_ArrayForEach(member, tree) {
    FUZZ_CHECK(strcmp(member->string, "temperature") == 0 ||
               strcmp(member->string, "b") == 0);
  }
  cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wk_policy_rules *policy;
  struct wk_reading reading;
  if (!policy)
    FUZZ_CHECK(wk_policy_parse(&policy, rules, sizeof rules - 1, "f", NULL) ==
               WK_OK);
  FUZZ_CHECK(wk_classify(&reading, policy, "a", data, size) == WK_OK);
  if (reading.open)
    check_open(reading.open);
  if (reading.class == WK_CLASS_WHOLE)
    FUZZ_CHECK(!reading.open && reading.secret_len == size &&
               memcmp(reading.secret, data, size) == 0);
  wk_reading_wipe(&reading);
  return 0;
}

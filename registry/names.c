/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/registry.h>

#include <string.h>

/* In the order of enum wk_reason; "user-" stands before each. */
static const char *const reasons[] = {
    "user-ok",          "user-malformed", "user-unknown", "user-disabled",
    "user-quarantined", "user-forged",    "user-clock",   "user-epoch",
    "user-replay",      "user-stale",     "user-clone",   "user-reserved",
    "user-exhausted",   "user-gap",       "user-chain",   "user-required",
    "user-client-id",   "user-store",
};
_Static_assert(sizeof reasons / sizeof *reasons == WK_REASON_COUNT,
               "a name for every reason");

const char *wk_reason_name(enum wk_reason reason, bool user) {
  const char *name = reasons[reason];
  return user ? name : name + strlen("user-");
}

const char *wk_device_state_name(enum wk_device_state state) {
  static const char *const names[] = {"enabled", "disabled", "quarantined",
                                      "revoked"};
  return names[state];
}

void wk_policy_init(struct wk_policy *policy) {
  memset(policy, 0, sizeof *policy);
  policy->window = 4096;
  policy->max_skew = 120;
}

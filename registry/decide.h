/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - where a login is decided: protocol section 4, pure. No clock, no
 * store, no randomness: the same input gives the same verdict.
 */
#ifndef WHITEKEY_REGISTRY_DECIDE_H
#define WHITEKEY_REGISTRY_DECIDE_H

#include "keyring.h"

struct wk_decide_input {
  const struct wk_policy *policy;
  const struct wk_attempt *attempt;
  struct wk_keyring *keys;
  int64_t not_before;     /* after a restore (section 7); 0: never */
  bool known;             /* false: record and keys are a decoy's */
  bool client_id_foreign; /* another device's name or session */
};

/*
 * Decides, and changes *record as the decision demands: new state of both
 * chains when accepted, else at most quarantine and the time of a long walk.
 * *changed tells whether it did: then it must be kept before the answer.
 */
enum wk_reason wk_decide(struct wk_record *record,
                         const struct wk_decide_input *input, bool *changed,
                         struct wk_verdict *verdict);

#endif

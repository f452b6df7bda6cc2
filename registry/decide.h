/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - where a login is decided: protocol section 4, pure. No clock, no
 * store, no randomness: the same input gives the same verdict.
 */
#ifndef WHITEKEY_REGISTRY_DECIDE_H
#define WHITEKEY_REGISTRY_DECIDE_H

#include "record.h"

struct wk_decide_input {
  const struct wk_policy *policy;
  const struct wk_attempt *attempt;
  uint8_t ks[WK_KS_LEN];
  uint8_t bio_id[WK_BIO_LEN];
  bool known;             /* false: record and keys are a decoy's */
  bool client_id_foreign; /* another device's name or session */
};

/* What X4 must say of a chain after an accepted login. */
struct wk_decided {
  bool changed;    /* record differs: store it before the answer */
  bool d_switched; /* chain D switched: it gets an X4 of its own */
  enum wk_status c_status;
};

/*
 * Decides, and changes *record as the decision demands: new state of both
 * chains when accepted, else at most quarantine and the time of a long walk.
 * Fills verdict but for generation and the X4 messages.
 */
enum wk_reason wk_decide(struct wk_record *record,
                         const struct wk_decide_input *input,
                         struct wk_decided *decided,
                         struct wk_verdict *verdict);

#endif

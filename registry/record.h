/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what the server keeps of one device (protocol section 4), as the
 * store reads and writes it and the decision sees it. Public values only,
 * bio_id wrapped.
 */
#ifndef WHITEKEY_REGISTRY_RECORD_H
#define WHITEKEY_REGISTRY_RECORD_H

#include <whitekey/registry.h>

#define WK_WRAP_LEN (12u + WK_BIO_LEN + 16u) /* nonce, ciphertext, tag */

/* A key update between its X3 and the switch (section 6). */
enum wk_pending_state {
  WK_PENDING_NONE,
  WK_PENDING_WAITING, /* its vouch is not checked yet */
  WK_PENDING_VERIFIED /* vouched for; the old chain is still current */
};

struct wk_pending {
  enum wk_pending_state state;
  uint32_t index; /* login of the session that sent X3 */
  uint32_t n;
  uint8_t anchor[WK_VALUE_LEN];
  uint8_t vouch[WK_HASH_LEN];
};

/* What stays of the epoch before the last switch. */
struct wk_previous {
  bool present;
  uint32_t last;
  uint8_t value[WK_VALUE_LEN];
  uint8_t hash[WK_HASH_LEN];
};

struct wk_chain_record {
  bool present;
  uint32_t epoch;
  uint32_t n;
  uint32_t last;               /* last accepted index, 0 after enrolment */
  uint8_t value[WK_VALUE_LEN]; /* x[last] */
  uint8_t hash[WK_HASH_LEN];   /* H(last accepted message); zero: none */
  int64_t t_max;               /* highest accepted time, Unix seconds */
  /*
   * Section 7: indices up to `promise` may be spent though the store does not
   * know; it was made in `promise_run`. After an unclean end it becomes the
   * `barrier`, until an accepted index exceeds it; 0: there is none.
   */
  uint32_t promise;
  uint32_t promise_run;
  uint32_t barrier;
  struct wk_pending pending;
  struct wk_previous previous;
};

struct wk_record {
  struct wk_id id;
  uint32_t generation;
  enum wk_device_state state;
  uint8_t role;  /* its number in the store, from 1 */
  bool released; /* from quarantine, and no login accepted since */
  uint8_t bio_wrapped[WK_WRAP_LEN];
  int64_t long_walk_at; /* last walk beyond the window, Unix seconds */
  int64_t enrolled_at;
  int64_t login_at;
  struct wk_chain_record c;
  struct wk_chain_record d;
};

#endif

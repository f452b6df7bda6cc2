/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testkit.h - a device and its record for tests of the decision: both chains
 * in memory, messages at will, a clock that is a number.
 */
#ifndef WHITEKEY_REGISTRY_TESTKIT_H
#define WHITEKEY_REGISTRY_TESTKIT_H

#include "decide.h"

#define KIT_N 9000u /* longer than the default window */
#define KIT_NEXT_N 300u
#define KIT_NOW INT64_C(1790000000)

struct kit {
  struct wk_record record;
  struct wk_policy policy;
  struct wk_attempt attempt;
  struct wk_challenge challenge;
  struct wk_decide_input in;
  struct wk_keyring ring;
  bool changed;
  struct wk_verdict verdict;
};

/* A device enrolled with chain C, and D too when user is set. */
void kit_init(struct kit *kit, bool user);

/* x[i] of a role's chain in an epoch. */
void kit_value(uint8_t x[WK_VALUE_LEN], const struct kit *kit,
               enum wk_role role, uint32_t epoch, uint32_t n, uint32_t i);

/* Puts an X1 (or X2, naming the X1 that is there) into the attempt. */
void kit_x1(struct kit *kit, uint32_t epoch, uint32_t index, uint32_t time);
void kit_x2(struct kit *kit, uint32_t epoch, uint32_t index, uint32_t time);

/* Decides the attempt as it stands. */
enum wk_reason kit_decide(struct kit *kit);

/* kit_x1() at the clock, decided. */
enum wk_reason kit_login(struct kit *kit, uint32_t index);

/* kit_login(), accepted; some seconds pass. */
void kit_use_up_to(struct kit *kit, uint32_t index);

/* Decides: refused for `want`, with these alarms and nothing changed. */
void kit_expect_refusal(struct kit *kit, enum wk_reason want, unsigned alarms);

/* From now on messages are sealed with a challenge issued at this moment. */
void kit_challenge(struct kit *kit);

/* The server's state of a chain after its X3 at login `at`. */
void kit_pend(struct kit *kit, enum wk_role role, uint32_t at);

/* Two logins, an update between them, and the switch to the next epoch. */
void kit_switch(struct kit *kit);

#endif

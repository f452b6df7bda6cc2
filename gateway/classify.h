/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify.h - the one decision of the gateway: what of a reading may leave,
 * and what is private. Pure: topic and payload in, two texts out.
 *
 * Every byte of a member goes to exactly one side. A payload that no rule
 * understands (no rule for its topic, no JSON object, none of the released
 * fields in it) is private as a whole, byte for byte.
 */
#ifndef WHITEKEY_GATEWAY_CLASSIFY_H
#define WHITEKEY_GATEWAY_CLASSIFY_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* Bound into every envelope; the values never change. */
enum wk_class {
  WK_CLASS_WHOLE = 1, /* the payload as it came */
  WK_CLASS_SPLIT = 2  /* a JSON object of the fields that did not leave */
};

/* "whole", "split". */
const char *wk_class_name(enum wk_class class);

struct wk_reading {
  enum wk_class class;
  char *to;          /* where the public part goes; NULL for whole */
  char *open;        /* public JSON, NUL-terminated; NULL for whole */
  uint8_t *secret;   /* private bytes */
  size_t secret_len; /* "{}" when everything was released */
};

/*
 * Splits a payload. reading needs wk_reading_wipe(). WK_ERR_MEMORY: reading
 * is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_classify(struct wk_reading *reading,
                                      const struct wk_policy_rules *policy,
                                      const char *topic,
                                      const uint8_t *payload, size_t len);

void wk_reading_wipe(struct wk_reading *reading);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - the values of one credential chain, made upwards with a pebbler
 * that is kept while indices rise, and begun anew when they jump or the
 * credential holds another chain. Zero it before first use, wipe it after.
 */
#ifndef WK_CLIENT_VALUES_H
#define WK_CLIENT_VALUES_H

#include <whitekey/credential.h>
#include <whitekey/pebble.h>

struct values {
  uint32_t next; /* index the pebbler gives next; 0: no pebbler yet */
  uint8_t seed[WK_SEED_LEN];
  struct wk_pebble pebble;
};

/* x[index] of the chain; index is within 1..chain->n. */
void values_at(struct values *values, uint8_t x[WK_VALUE_LEN],
               const struct wk_id *id, enum wk_role role,
               const struct wk_credential_chain *chain, uint32_t index);

/* Wipes them unless they are of one of the two chains. */
void values_forget(struct values *values, const struct wk_credential_chain *a,
                   const struct wk_credential_chain *b);

#endif

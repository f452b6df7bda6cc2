/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <assert.h>
#include <string.h>

#include <whitekey/bytes.h>

/* A re-enrolled device has the salt it had before, but never the seed. */
static bool same_chain(const struct values *values,
                       const uint8_t salt[WK_SALT_LEN],
                       const struct wk_credential_chain *chain) {
  return values->pebble.plan.n == chain->n &&
         wk_equal(values->pebble.salt, salt, WK_SALT_LEN) &&
         wk_equal(values->seed, chain->seed, WK_SEED_LEN);
}

static bool near(const struct values *values, uint32_t index) {
  return values->next != 0 && values->next <= index &&
         index - values->next <= WK_SKIP_MAX;
}

void values_at(struct values *values, uint8_t x[WK_VALUE_LEN],
               const struct wk_id *id, enum wk_role role,
               const struct wk_credential_chain *chain, uint32_t index) {
  uint8_t salt[WK_SALT_LEN];
  enum wk_err err = WK_OK;
  uint32_t given = 0;
  wk_chain_salt(salt, id, role, chain->epoch);
  if (!near(values, index) || !same_chain(values, salt, chain)) {
    err = wk_pebble_init(&values->pebble, salt, chain->n, index, chain->seed);
    memcpy(values->seed, chain->seed, WK_SEED_LEN);
  }
  while (err == WK_OK && given < index)
    err = wk_pebble_next(&values->pebble, x, &given);
  assert(err == WK_OK && given == index);
  (void)err;
  values->next = index + 1;
}

static bool seed_of(const struct values *values,
                    const struct wk_credential_chain *chain) {
  return chain->present && wk_equal(values->seed, chain->seed, WK_SEED_LEN);
}

void values_forget(struct values *values, const struct wk_credential_chain *a,
                   const struct wk_credential_chain *b) {
  if (values->next != 0 && !seed_of(values, a) && !seed_of(values, b))
    wk_wipe(values, sizeof *values);
}

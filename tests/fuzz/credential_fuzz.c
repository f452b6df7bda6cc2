/* SPDX-License-Identifier: Apache-2.0 */
/* A credential file; what is taken survives being written and read again. */
#include <string.h>

#include <whitekey/credential.h>
#include <whitekey/file.h>

#include "fuzz.h"

static bool same_chain(const struct wk_credential_chain *a,
                       const struct wk_credential_chain *b) {
  return a->present == b->present && a->epoch == b->epoch && a->n == b->n &&
         memcmp(a->seed, b->seed, sizeof a->seed) == 0 && a->next == b->next &&
         a->refusals == b->refusals;
}

static bool same_update(const struct wk_credential_update *a,
                        const struct wk_credential_update *b) {
  return same_chain(&a->chain, &b->chain) && a->after == b->after &&
         a->turn == b->turn;
}

static bool same(const struct wk_credential *a,
                 const struct wk_credential *b) {
  return memcmp(&a->id, &b->id, sizeof a->id) == 0 &&
         a->generation == b->generation &&
         memcmp(a->ks, b->ks, sizeof a->ks) == 0 &&
         memcmp(a->bio_id, b->bio_id, sizeof a->bio_id) == 0 &&
         a->time == b->time && same_chain(&a->c, &b->c) &&
         same_chain(&a->d, &b->d) && same_update(&a->c_update, &b->c_update) &&
         same_update(&a->d_update, &b->d_update);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_credential credential;
  struct wk_credential again;
  struct wk_why why;
  char *text = NULL;
  size_t len = 0;
  if (wk_credential_parse(&credential, (const char *)data, size, "f", &why) !=
      WK_OK)
    return 0;
  FUZZ_CHECK(wk_credential_write(&text, &len, &credential) == WK_OK);
  FUZZ_CHECK(wk_credential_parse(&again, text, len, "f", &why) == WK_OK);
  FUZZ_CHECK(same(&credential, &again));
  wk_file_wipe(text, len);
  return 0;
}

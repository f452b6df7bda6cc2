/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/credential.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <whitekey/bytes.h>

#define TEXT_MAX 2048u /* two chains with updates need less than 1 KB */

/*
 * Written by hand: cJSON's printer leaves copies of secrets on the heap. No
 * value needs escapes, d_id's alphabet included.
 */
static void put_number(struct wk_writer *w, const char *before,
                       uint32_t value) {
  char digits[11];
  (void)snprintf(digits, sizeof digits, "%" PRIu32, value);
  wk_write_text(w, before);
  wk_write_text(w, digits);
}

static void put_bytes(struct wk_writer *w, const char *before,
                      const uint8_t *data, size_t len) {
  char text[WK_B64_LEN(WK_SEED_LEN) + 1];
  wk_b64_write(text, data, len);
  wk_write_text(w, before);
  wk_write_text(w, "\"");
  wk_write_text(w, text);
  wk_write_text(w, "\"");
  wk_wipe(text, sizeof text);
}

static void put_members(struct wk_writer *w,
                        const struct wk_credential_chain *chain) {
  put_number(w, "\"epoch\": ", chain->epoch);
  put_number(w, ", \"n\": ", chain->n);
  put_bytes(w, ", \"seed\": ", chain->seed, WK_SEED_LEN);
  put_number(w, ", \"next\": ", chain->next);
  if (chain->refusals > 0)
    put_number(w, ", \"refusals\": ", chain->refusals);
}

static void put_chain(struct wk_writer *w, const char *before,
                      const struct wk_credential_chain *chain,
                      const struct wk_credential_update *update) {
  if (!chain->present)
    return;
  wk_write_text(w, before);
  put_members(w, chain);
  if (update->chain.present) {
    wk_write_text(w, ",\n      \"update\": { ");
    put_members(w, &update->chain);
    put_number(w, ", \"after\": ", update->after);
    put_number(w, ", \"turn\": ", update->turn);
    wk_write_text(w, " }");
  }
  wk_write_text(w, " }");
}

static void put_credential(struct wk_writer *w,
                           const struct wk_credential *credential) {
  wk_write_text(w, "{\n  \"whitekey\": 1,\n  \"d_id\": \"");
  wk_write_bytes(w, credential->id.did, credential->id.did_len);
  put_bytes(w, "\",\n  \"realm\": ", credential->id.realm, WK_REALM_LEN);
  put_number(w, ",\n  \"generation\": ", credential->generation);
  put_bytes(w, ",\n  \"ks\": ", credential->ks, WK_KS_LEN);
  put_bytes(w, ",\n  \"bio_id\": ", credential->bio_id, WK_BIO_LEN);
  put_number(w, ",\n  \"time\": ", credential->time);
  if (credential->reserved > 0)
    put_number(w, ",\n  \"reserved\": ", credential->reserved);
  wk_write_text(w, ",\n  \"chains\": {");
  put_chain(w, "\n    \"C\": { ", &credential->c, &credential->c_update);
  if (credential->c.present && credential->d.present)
    wk_write_text(w, ",");
  put_chain(w, "\n    \"D\": { ", &credential->d, &credential->d_update);
  wk_write_text(w, "\n  }\n}\n");
}

enum wk_err wk_credential_write(char **text, size_t *len,
                                const struct wk_credential *credential) {
  *len = 0;
  *text = malloc(TEXT_MAX);
  if (!*text)
    return WK_ERR_MEMORY;
  struct wk_writer w;
  wk_writer_init(&w, (uint8_t *)*text, TEXT_MAX);
  put_credential(&w, credential);
  wk_write_u8(&w, 0);
  *len = w.used - 1;
  return WK_OK;
}

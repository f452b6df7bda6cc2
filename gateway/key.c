/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>
#include <whitekey/hmac.h>
#include <whitekey/json.h>
#include <whitekey/random.h>

#define KID_BYTES 12u

enum wk_err wk_data_key_create(const char *path, struct wk_why *why) {
  uint8_t k[WK_DATA_KEY_LEN];
  uint8_t id[KID_BYTES];
  char k_text[WK_B64_LEN(WK_DATA_KEY_LEN) + 1];
  char kid[WK_B64_LEN(KID_BYTES) + 1];
  char text[160];
  wk_random(k, sizeof k);
  wk_random(id, sizeof id);
  wk_b64_write(k_text, k, sizeof k);
  wk_b64_write(kid, id, sizeof id);
  const int len =
      snprintf(text, sizeof text,
               "{\"kty\":\"oct\",\"k\":\"%s\",\"kid\":\"%s\"}\n", k_text, kid);
  const enum wk_err err = wk_file_create(path, text, (size_t)len, 0600, why);
  wk_wipe(k, sizeof k);
  wk_wipe(k_text, sizeof k_text);
  wk_wipe(text, sizeof text);
  return err;
}

static bool kid_valid(const char *kid) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789_-";
  const size_t len = strlen(kid);
  return len > 0 && len <= WK_KID_MAX && strspn(kid, letters) == len;
}

static enum wk_err parse_members(struct wk_data_key *key, const cJSON *jwk,
                                 const char *path, struct wk_why *why) {
  static const char *const names[] = {"kty", "k", "kid"};
  const char *kty = NULL;
  const char *kid = NULL;
  enum wk_err err = wk_json_only(jwk, names, 3, path, why);
  if (err == WK_OK)
    err = wk_json_text(&kty, jwk, "kty", path, why);
  if (err == WK_OK)
    err = wk_json_text(&kid, jwk, "kid", path, why);
  if (err != WK_OK)
    return err;
  if (strcmp(kty, "oct") != 0)
    return wk_fail(why, WK_ERR_MALFORMED, "%s: \"kty\": not \"oct\"", path);
  if (!kid_valid(kid))
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: \"kid\": not 1 to %u letters of A-Z a-z 0-9 _ -", path,
                   WK_KID_MAX);
  (void)snprintf(key->kid, sizeof key->kid, "%s", kid);
  return wk_json_bytes(key->k, sizeof key->k, jwk, "k", path, why);
}

static enum wk_err parse(struct wk_data_key *key, const char *text, size_t len,
                         const char *path, struct wk_why *why) {
  cJSON *jwk = NULL;
  enum wk_err err = wk_json_parse(&jwk, text, len, path, why);
  if (err != WK_OK)
    return err;
  err = parse_members(key, jwk, path, why);
  const cJSON *k = cJSON_GetObjectItemCaseSensitive(jwk, "k");
  if (cJSON_IsString(k))
    wk_wipe(k->valuestring, strlen(k->valuestring));
  cJSON_Delete(jwk);
  return err;
}

enum wk_err wk_data_key_read(struct wk_data_key *key, const char *path,
                             struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  memset(key, 0, sizeof *key);
  enum wk_err err = wk_file_private(path, "key file", why);
  if (err == WK_OK)
    err = wk_file_read(&text, &len, path, WK_KEY_FILE_MAX, why);
  if (err == WK_OK)
    err = parse(key, text, len, path, why);
  wk_file_wipe(text, len);
  if (err != WK_OK)
    wk_wipe(key, sizeof *key);
  return err;
}

void wk_data_key_proof(uint8_t proof[WK_HASH_LEN],
                       const struct wk_data_key *key) {
  static const char label[] = "whitekey/1/gateway/proof";
  const struct wk_span parts[] = {
      {(const uint8_t *)label, sizeof label - 1},
      {(const uint8_t *)key->kid, strlen(key->kid)}};
  wk_hmac(proof, key->k, parts, 2);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jwe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/bytes.h>
#include <whitekey/random.h>

/* 64-bit numbers: cJSON's own are doubles. */
static bool add_number(cJSON *object, const char *name, const char *digits) {
  return cJSON_AddRawToObject(object, name, digits) != NULL;
}

/* The protected header's JSON, or NULL; free() it. */
static char *header(const struct wk_data_key *key,
                    const struct wk_record *record) {
  char seq[24];
  char at[24];
  (void)snprintf(seq, sizeof seq, "%" PRIu64, record->seq);
  (void)snprintf(at, sizeof at, "%" PRId64, record->at);
  cJSON *object = cJSON_CreateObject();
  char *text = NULL;
  if (cJSON_AddStringToObject(object, "alg", "dir") &&
      cJSON_AddStringToObject(object, "enc", "A256GCM") &&
      cJSON_AddStringToObject(object, "kid", key->kid) &&
      cJSON_AddStringToObject(object, "topic", record->topic) &&
      cJSON_AddStringToObject(object, "device", record->device) &&
      add_number(object, "seq", seq) && add_number(object, "at", at) &&
      cJSON_AddStringToObject(object, "class", wk_class_name(record->class)))
    text = cJSON_PrintUnformatted(object);
  cJSON_Delete(object);
  return text;
}

/* head.KEY.nonce.text.tag with an empty KEY: `dir` wraps none. */
static char *join(const char *head, const uint8_t nonce[WK_GCM_NONCE_LEN],
                  const uint8_t *text, size_t len,
                  const uint8_t tag[WK_GCM_TAG_LEN]) {
  const size_t head_len = strlen(head);
  char *token = malloc(head_len + 2 + WK_B64_LEN(WK_GCM_NONCE_LEN) + 1 +
                       WK_B64_LEN(len) + 1 + WK_B64_LEN(WK_GCM_TAG_LEN) + 1);
  if (!token)
    return NULL;
  memcpy(token, head, head_len);
  char *at = token + head_len;
  *at++ = '.';
  *at++ = '.';
  wk_b64_write(at, nonce, WK_GCM_NONCE_LEN);
  at += WK_B64_LEN(WK_GCM_NONCE_LEN);
  *at++ = '.';
  wk_b64_write(at, text, len);
  at += WK_B64_LEN(len);
  *at++ = '.';
  wk_b64_write(at, tag, WK_GCM_TAG_LEN);
  return token;
}

static enum wk_err seal(char **token, const char *head,
                        const struct wk_data_key *key, const uint8_t *body,
                        size_t len) {
  uint8_t nonce[WK_GCM_NONCE_LEN];
  uint8_t tag[WK_GCM_TAG_LEN];
  uint8_t *text = malloc(len + 1);
  if (!text)
    return WK_ERR_MEMORY;
  wk_random(nonce, sizeof nonce);
  enum wk_err err =
      wk_gcm_seal(text, tag, key->k, nonce, (const uint8_t *)head,
                  strlen(head), body, len);
  if (err == WK_OK) {
    *token = join(head, nonce, text, len, tag);
    err = *token ? WK_OK : WK_ERR_MEMORY;
  }
  free(text);
  return err;
}

enum wk_err wk_jwe_seal(char **token, const struct wk_data_key *key,
                        const struct wk_record *record, const uint8_t *body,
                        size_t len) {
  enum wk_err err = WK_ERR_MEMORY;
  *token = NULL;
  char *json = header(key, record);
  const size_t json_len = json ? strlen(json) : 0;
  char *head = json ? malloc(WK_B64_LEN(json_len) + 1) : NULL;
  if (head) {
    wk_b64_write(head, (const uint8_t *)json, json_len);
    err = seal(token, head, key, body, len);
  }
  free(head);
  free(json);
  return err;
}

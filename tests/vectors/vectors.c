/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static cJSON *vectors;

void vectors_load(void) {
  static char text[200000];
  FILE *file = fopen(WK_TEST_VECTORS, "rb");
  cr_assert_not_null(file, "%s", WK_TEST_VECTORS);
  const size_t len = fread(text, 1, sizeof text - 1, file);
  (void)fclose(file);
  text[len] = '\0';
  vectors = cJSON_Parse(text);
  cr_assert_not_null(vectors);
}

void vectors_unload(void) {
  cJSON_Delete(vectors);
}

const cJSON *vectors_cases(void) {
  return vectors_get(vectors, "cases");
}

const cJSON *vectors_get(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  cr_assert_not_null(item, "%s", key);
  return item;
}

uint32_t vectors_num(const cJSON *object, const char *key) {
  return (uint32_t)vectors_get(object, key)->valuedouble;
}

size_t vectors_hex(uint8_t *out, size_t cap, const cJSON *object,
                   const char *key) {
  const char *text = vectors_get(object, key)->valuestring;
  const size_t len = strlen(text) / 2;
  cr_assert(len <= cap, "%s", key);
  for (size_t i = 0; i < len; i++) {
    unsigned byte = 0;
    cr_assert_eq(sscanf(text + 2 * i, "%2x", &byte), 1);
    out[i] = (uint8_t)byte;
  }
  return len;
}

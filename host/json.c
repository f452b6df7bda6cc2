/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/json.h>

#include <math.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/utf8.h>

static enum wk_err bad(struct wk_why *why, const char *where, const char *key,
                       const char *what) {
  return wk_fail(why, WK_ERR_MALFORMED, "%s: \"%s\": %s", where, key, what);
}

static enum wk_err bad_at(struct wk_why *why, const char *where,
                          const char *text, const char *at, const char *what) {
  unsigned line = 1;
  const char *begin = text;
  for (const char *c = text; c < at; c++) {
    if (*c == '\n') {
      line++;
      begin = c + 1;
    }
  }
  return wk_fail(why, WK_ERR_MALFORMED, "%s:%u:%u: %s", where, line,
                 (unsigned)(at - begin) + 1, what);
}

/*
 * Where a string holds a NUL, written out or as \u0000; else NULL. cJSON would
 * cut it there, and two different texts would read the same.
 */
static const char *find_nul(const char *text, size_t len) {
  const char *end = text + len;
  for (const char *c = text; c < end; c++) {
    if (*c == '\0' || (end - c >= 6 && wk_equal(c, "\\u0000", 6)))
      return c;
    if (*c == '\\')
      c++; /* what it escapes begins no other escape */
  }
  return NULL;
}

enum wk_err wk_json_parse(cJSON **object, const char *text, size_t len,
                          const char *where, struct wk_why *why) {
  const char *end = text;
  *object = NULL;
  if (!wk_utf8_valid(text, len))
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not UTF-8", where);
  cJSON *tree = cJSON_ParseWithLengthOpts(text, len, &end, 0);
  if (!tree)
    return bad_at(why, where, text, end, "not valid JSON");
  while (end < text + len && strchr(" \t\r\n", *end))
    end++;
  if (end < text + len) {
    cJSON_Delete(tree);
    return bad_at(why, where, text, end, "not valid JSON");
  }
  const char *nul = find_nul(text, len);
  if (nul) {
    cJSON_Delete(tree);
    return bad_at(why, where, text, nul, "a NUL within JSON");
  }
  if (!cJSON_IsObject(tree)) {
    cJSON_Delete(tree);
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not a JSON object", where);
  }
  *object = tree;
  return WK_OK;
}

static void wipe_texts(cJSON *item) {
  for (; item; item = item->next) {
    if (item->valuestring)
      wk_wipe(item->valuestring, strlen(item->valuestring));
    wipe_texts(item->child);
  }
}

void wk_json_wipe(cJSON *tree) {
  wipe_texts(tree);
  cJSON_Delete(tree);
}

enum wk_err wk_json_only(const cJSON *object, const char *const *names,
                         size_t count, const char *where, struct wk_why *why) {
  const cJSON *member = NULL;
  cJSON_ArrayForEach(member, object) {
    size_t i = 0;
    while (i < count && strcmp(member->string, names[i]) != 0)
      i++;
    if (i == count)
      return bad(why, where, member->string, "unknown member");
    if (cJSON_GetObjectItemCaseSensitive(object, member->string) != member)
      return bad(why, where, member->string, "stands there twice");
  }
  return WK_OK;
}

enum wk_err wk_json_u32(uint32_t *out, const cJSON *object, const char *key,
                        uint32_t min, uint32_t max, const char *where,
                        struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (!cJSON_IsNumber(item))
    return bad(why, where, key, item ? "not a number" : "missing");
  const double value = item->valuedouble;
  if (!(value >= min && value <= max) || floor(value) < value)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: \"%s\": not a whole number from %u to %u", where, key,
                   (unsigned)min, (unsigned)max);
  *out = (uint32_t)value;
  return WK_OK;
}

enum wk_err wk_json_text(const char **out, const cJSON *object,
                         const char *key, const char *where,
                         struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (!cJSON_IsString(item))
    return bad(why, where, key, item ? "not a string" : "missing");
  *out = item->valuestring;
  return WK_OK;
}

enum wk_err wk_json_bytes(uint8_t *out, size_t len, const cJSON *object,
                          const char *key, const char *where,
                          struct wk_why *why) {
  const char *text = NULL;
  memset(out, 0, len);
  const enum wk_err err = wk_json_text(&text, object, key, where, why);
  if (err != WK_OK)
    return err;
  if (wk_b64_parse(out, len, text, strlen(text)) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: \"%s\": not %zu bytes of unpadded base64url", where,
                   key, len);
  return WK_OK;
}

enum wk_err wk_json_object(const cJSON **out, const cJSON *object,
                           const char *key, const char *where,
                           struct wk_why *why) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (!cJSON_IsObject(item))
    return bad(why, where, key, item ? "not an object" : "missing");
  *out = item;
  return WK_OK;
}

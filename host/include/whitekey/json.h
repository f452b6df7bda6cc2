/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - strict members of a cJSON object. Each function fails with
 * WK_ERR_MALFORMED and a sentence "WHERE: KEY: what is wrong"; where names the
 * file or message. The tree is the caller's (cJSON_Delete).
 */
#ifndef WHITEKEY_JSON_H
#define WHITEKEY_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <whitekey/err.h>
#include <whitekey/why.h>

/*
 * Parses exactly one JSON object in UTF-8; the sentence names line and column.
 * A NUL within a string is refused: no reader of C strings could see behind
 * it.
 */
WK_MUST_CHECK enum wk_err wk_json_parse(cJSON **object, const char *text,
                                        size_t len, const char *where,
                                        struct wk_why *why);

/* Deletes a tree that holds secrets: cJSON frees without wiping. */
void wk_json_wipe(cJSON *tree);

/* Every member's name must be among the count names. */
WK_MUST_CHECK enum wk_err wk_json_only(const cJSON *object,
                                       const char *const *names, size_t count,
                                       const char *where, struct wk_why *why);

/* A whole number within min..max. */
WK_MUST_CHECK enum wk_err wk_json_u32(uint32_t *out, const cJSON *object,
                                      const char *key, uint32_t min,
                                      uint32_t max, const char *where,
                                      struct wk_why *why);

/* Exactly len bytes in base64url; out is zeroed on failure. */
WK_MUST_CHECK enum wk_err wk_json_bytes(uint8_t *out, size_t len,
                                        const cJSON *object, const char *key,
                                        const char *where, struct wk_why *why);

/* A string; *out points into the tree. */
WK_MUST_CHECK enum wk_err wk_json_text(const char **out, const cJSON *object,
                                       const char *key, const char *where,
                                       struct wk_why *why);

/* An object; *out points into the tree. */
WK_MUST_CHECK enum wk_err wk_json_object(const cJSON **out,
                                         const cJSON *object, const char *key,
                                         const char *where,
                                         struct wk_why *why);

#endif

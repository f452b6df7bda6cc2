/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h - finds where JSON values begin and end (RFC 8259, strict) without
 * building a tree: a reading is split by copying spans of its own text, so no
 * number, escape or order changes on the way.
 */
#ifndef WHITEKEY_GATEWAY_SCAN_H
#define WHITEKEY_GATEWAY_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define WK_SCAN_DEPTH_MAX 64u /* objects and arrays inside each other */

/* A run of the caller's text. */
struct wk_text {
  const char *at;
  size_t len;
};

struct wk_scan {
  const char *at;
  const char *end;
};

/* True when text is one JSON value in UTF-8, with white space around it. */
bool wk_json_valid(const char *text, size_t len);

/*
 * The members of an object in valid JSON: wk_scan_object() finds its brace
 * (false: another kind of value), each wk_scan_member() gives one member,
 * false after the last; s then stands behind the object. key is the raw text
 * between the quotes, value has no white space around it.
 */
bool wk_scan_object(struct wk_scan *s);
bool wk_scan_member(struct wk_scan *s, struct wk_text *key,
                    struct wk_text *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.h - the sentence that goes with an error: it names the file, line,
 * device or option, so that a person can act on it. One line, no newline, no
 * secret. Functions that take a `why` set it whenever they fail; NULL is
 * allowed where nobody will read it.
 */
#ifndef WHITEKEY_WHY_H
#define WHITEKEY_WHY_H

#include <whitekey/err.h>

#define WK_WHY_MAX 512u

struct wk_why {
  char text[WK_WHY_MAX];
};

/* Writes the sentence and returns err: `return wk_fail(why, ...)`. */
enum wk_err wk_fail(struct wk_why *why, enum wk_err err, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

#endif

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

/*
 * Writes the sentence and gives err: `return wk_fail(why, WK_ERR_IO, ...)`. A
 * macro, so that compilers and analysers see that the result is not WK_OK.
 */
#define wk_fail(why, err, ...)                                                \
  (wk_why_set((why), __VA_ARGS__), (enum wk_err)(err))

void wk_why_set(struct wk_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

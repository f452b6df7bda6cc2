/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest.h - "did you mean": the name that a mistyped word was meant to be.
 */
#ifndef WHITEKEY_NEAREST_H
#define WHITEKEY_NEAREST_H

#include <stddef.h>

/*
 * Of the count (at least 1) names the one with the fewest letters to add, drop
 * or change, two neighbours swapped counting once; the first of several. Words
 * longer than 64 letters are compared by their first 64. The result points
 * into names.
 */
const char *wk_nearest(const char *word, const char *const *names,
                       size_t count);

#endif

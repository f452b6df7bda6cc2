/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - what somebody who mistyped a name most likely meant. */
#ifndef WK_CLI_NEAREST_H
#define WK_CLI_NEAREST_H

#include <stddef.h>

/*
 * Letters to add, drop or change until a is b; a pair of neighbours swapped
 * counts once. Words longer than 31 letters are as far as can be.
 */
unsigned nearest_distance(const char *a, const char *b);

#endif

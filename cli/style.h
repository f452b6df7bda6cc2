/* SPDX-License-Identifier: Apache-2.0 */
/*
 * style.h - how people read standard output: colours on a terminal only (and
 * not where NO_COLOR is set), times as local time.
 */
#ifndef WK_CLI_STYLE_H
#define WK_CLI_STYLE_H

#include <stdint.h>

enum style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

/* Prints text padded to width characters; width 0: as long as it is. */
void style_print(enum style style, const char *text, int width);

#define STYLE_TIME_MAX 32u

/* "2026-11-22 03:22", local; "never" for 0. */
void style_time(char text[STYLE_TIME_MAX], int64_t at);

#endif

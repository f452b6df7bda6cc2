/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h - a file of lines that grows, and is moved away and begun anew by
 * log rotation.
 */
#ifndef WK_CLI_FOLLOW_H
#define WK_CLI_FOLLOW_H

#include <stdbool.h>

#include <whitekey/why.h>

/* A whole line without its newline. */
typedef void follow_line(void *context, char *line);

/*
 * Gives every line of the file at path, those that are there and those to
 * come, until standard output cannot be written to. What is still written to a
 * file that was moved away is given before the new one's lines. A file that is
 * not there is awaited. WK_ERR_IO: it cannot be read.
 */
WK_MUST_CHECK enum wk_err follow(const char *path, follow_line *line,
                                 void *context, struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - small files read whole and replaced as a whole. A reader never sees
 * a partly written file, a crash leaves the old one or the new one.
 */
#ifndef WHITEKEY_FILE_H
#define WHITEKEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <whitekey/err.h>
#include <whitekey/why.h>

/*
 * Reads a whole regular file of at most max bytes. *data is the caller's to
 * free(), *len excludes the NUL that is appended for text.
 * WK_ERR_MISSING, WK_ERR_SPACE (larger than max), WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_file_read(char **data, size_t *len,
                                       const char *path, size_t max,
                                       struct wk_why *why);

/* Wipes and frees what wk_file_read() gave; NULL is allowed. */
void wk_file_wipe(char *data, size_t len);

/*
 * Replaces path: temporary file beside it, fsync, rename, fsync of the folder.
 * With create it is made only where nothing stands: WK_ERR_EXISTS otherwise.
 * Root leaves a replaced file to its owner.
 * WK_ERR_IO leaves the old file as it was and no temporary file.
 */
WK_MUST_CHECK enum wk_err wk_file_replace(const char *path, const void *data,
                                          size_t len, mode_t mode,
                                          struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_file_create(const char *path, const void *data,
                                         size_t len, mode_t mode,
                                         struct wk_why *why);

/*
 * WK_ERR_IO where path could not be replaced, because this process may not
 * write to its folder: the error names both. Nothing is made or changed.
 */
WK_MUST_CHECK enum wk_err wk_file_replaceable(const char *path,
                                              struct wk_why *why);

/*
 * Opens path to append to it. Where nothing stands it is made, mode 0600, for
 * the owner of the file `beside`; no symbolic link is followed. *fd is the
 * caller's to close, -1 on failure: WK_ERR_MISSING, WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_file_append(int *fd, const char *path,
                                         const char *beside,
                                         struct wk_why *why);

/*
 * WK_ERR_KEY unless path is a regular file that only its owner may read or
 * write (mode 0600 or less); what: how the error calls it.
 */
WK_MUST_CHECK enum wk_err wk_file_private(const char *path, const char *what,
                                          struct wk_why *why);

/*
 * Waits for and takes the exclusive lock `path`.lock (mode 0600, of path's
 * owner; no symbolic link is followed).
 * *fd must go to wk_file_unlock(); a process that dies releases it.
 */
WK_MUST_CHECK enum wk_err wk_file_lock(int *fd, const char *path,
                                       struct wk_why *why);
/* The same without waiting: WK_ERR_BUSY when another process holds it. */
WK_MUST_CHECK enum wk_err wk_file_try_lock(int *fd, const char *path,
                                           struct wk_why *why);
void wk_file_unlock(int fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file of a server besides its store is the master key, and its
 * lock: both are here in memory. Nothing else may ask for a file, and the
 * store's is always whole.
 */
#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#include "store.h"

static uint8_t master[32];

enum wk_err wk_file_read(char **data, size_t *len, const char *path,
                         size_t max, struct wk_why *why) {
  (void)path;
  *len = sizeof master;
  *data = max < sizeof master ? NULL : malloc(sizeof master);
  if (!*data)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  memcpy(*data, master, sizeof master);
  return WK_OK;
}

void wk_file_wipe(char *data, size_t len) {
  if (data)
    wk_wipe(data, len);
  free(data);
}

enum wk_err wk_file_create(const char *path, const void *data, size_t len,
                           mode_t mode, struct wk_why *why) {
  (void)path;
  (void)mode;
  if (len != sizeof master)
    return wk_fail(why, WK_ERR_IO, "only a master key is kept here");
  memcpy(master, data, len);
  return WK_OK;
}

enum wk_err wk_file_replace(const char *path, const void *data, size_t len,
                            mode_t mode, struct wk_why *why) {
  (void)data;
  (void)len;
  (void)mode;
  return wk_fail(why, WK_ERR_IO, "%s: there are no files here", path);
}

enum wk_err wk_file_private(const char *path, const char *what,
                            struct wk_why *why) {
  (void)path;
  (void)what;
  (void)why;
  return WK_OK;
}

enum wk_err wk_file_lock(int *fd, const char *path, struct wk_why *why) {
  return wk_file_try_lock(fd, path, why);
}

enum wk_err wk_file_try_lock(int *fd, const char *path, struct wk_why *why) {
  (void)path;
  (void)why;
  *fd = -1;
  return WK_OK;
}

void wk_file_unlock(int fd) {
  (void)fd;
}

/* ---- the store's file ----------------------------------------------------
 */

const char *wk_store_path(const struct wk_store *store) {
  (void)store;
  return "/"; /* it is asked whether this exists */
}

enum wk_err wk_store_check(struct wk_store *store, struct wk_why *why) {
  (void)store;
  (void)why;
  return WK_OK;
}

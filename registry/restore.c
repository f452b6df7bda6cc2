/* SPDX-License-Identifier: Apache-2.0 */
/* After a restore: what the backup does not know of must not count again. */
#include <limits.h>
#include <stdlib.h>

#include <whitekey/file.h>

#include "state.h"

/* In a transaction. */
static enum wk_err move_not_before(struct wk_store *store, int64_t to,
                                   int64_t *not_before, struct wk_why *why) {
  struct wk_store_head head;
  enum wk_err err = wk_store_head(store, &head, why);
  if (err != WK_OK)
    return err;
  *not_before = to > head.not_before ? to : head.not_before;
  return wk_store_not_before(store, *not_before, why);
}

/* A backup may be damaged where no login of today looks. */
static enum wk_err restore(struct wk_store *store, int64_t to,
                           int64_t *not_before, struct wk_why *why) {
  enum wk_err err = wk_store_check(store, why);
  if (err == WK_OK)
    err = wk_store_begin(store, why);
  if (err != WK_OK)
    return err;
  err = move_not_before(store, to, not_before, why);
  if (err == WK_OK)
    return wk_store_commit(store, why);
  wk_store_rollback(store);
  return err;
}

enum wk_err wk_registry_restore(struct wk_registry *registry, int64_t at,
                                uint32_t max_skew, int64_t *not_before,
                                struct wk_why *why) {
  char real[PATH_MAX];
  int lock = -1;
  const char *path = wk_store_path(registry->store);
  if (!realpath(path, real))
    return wk_fail(why, WK_ERR_IO, "%s: is not there", path);
  enum wk_err err = wk_file_try_lock(&lock, real, why);
  if (err == WK_OK)
    err =
        restore(registry->store, at + (int64_t)max_skew + 1, not_before, why);
  wk_file_unlock(lock);
  return err;
}

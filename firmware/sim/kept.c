/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum wk_err fill_new(int fd, const struct kept *kept, const char *path,
                            struct wk_why *why) {
  uint8_t fresh[KEPT_MAX];
  struct stat file;
  if (fstat(fd, &file) != 0)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  if (file.st_size == (off_t)kept->len)
    return WK_OK;
  if (file.st_size != 0)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: the %s has %zu bytes", path,
                   kept->what, kept->len);
  memset(fresh, kept->fresh, kept->len);
  if (write(fd, fresh, kept->len) != (ssize_t)kept->len)
    return wk_fail(why, WK_ERR_IO, "%s: cannot be written", path);
  return WK_OK;
}

/* The descriptor stays open with the map: it holds the lock. */
static enum wk_err map(struct kept *kept, int fd, const char *path,
                       struct wk_why *why) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return wk_fail(why, WK_ERR_BUSY, "%s: another chip has this %s", path,
                   kept->what);
  const enum wk_err err = fill_new(fd, kept, path, why);
  if (err != WK_OK)
    return err;
  void *at = mmap(NULL, kept->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  kept->bytes = at;
  return WK_OK;
}

enum wk_err kept_open(struct kept *kept, const char *path,
                      struct wk_why *why) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  const enum wk_err err = map(kept, fd, path, why);
  if (err != WK_OK)
    (void)close(fd);
  return err;
}

void kept_close(struct kept *kept) {
  if (kept->bytes)
    (void)munmap(kept->bytes, kept->len);
  kept->bytes = NULL;
}

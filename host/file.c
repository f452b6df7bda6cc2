/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <whitekey/bytes.h>

static enum wk_err io_error(struct wk_why *why, const char *path) {
  const enum wk_err err = errno == ENOENT   ? WK_ERR_MISSING
                          : errno == EEXIST ? WK_ERR_EXISTS
                                            : WK_ERR_IO;
  return wk_fail(why, err, "%s: %s", path, strerror(errno));
}

static enum wk_err read_all(char *data, size_t len, int fd, const char *path,
                            struct wk_why *why) {
  for (size_t done = 0; done < len;) {
    const ssize_t got = read(fd, data + done, len - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return io_error(why, path);
    if (got == 0)
      return wk_fail(why, WK_ERR_IO, "%s: shrank while being read", path);
    done += (size_t)got;
  }
  return WK_OK;
}

static enum wk_err read_fd(char **data, size_t *len, int fd, const char *path,
                           size_t max, struct wk_why *why) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return io_error(why, path);
  if (!S_ISREG(st.st_mode))
    return wk_fail(why, WK_ERR_IO, "%s: not a regular file", path);
  if (st.st_size < 0 || (size_t)st.st_size > max)
    return wk_fail(why, WK_ERR_SPACE, "%s: larger than %zu bytes", path, max);
  char *text = malloc((size_t)st.st_size + 1);
  if (!text)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  const enum wk_err err = read_all(text, (size_t)st.st_size, fd, path, why);
  if (err != WK_OK) {
    wk_file_wipe(text, (size_t)st.st_size);
    return err;
  }
  text[st.st_size] = '\0';
  *data = text;
  *len = (size_t)st.st_size;
  return WK_OK;
}

enum wk_err wk_file_read(char **data, size_t *len, const char *path,
                         size_t max, struct wk_why *why) {
  *data = NULL;
  *len = 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return io_error(why, path);
  const enum wk_err err = read_fd(data, len, fd, path, max, why);
  (void)close(fd);
  return err;
}

void wk_file_wipe(char *data, size_t len) {
  if (data)
    wk_wipe(data, len);
  free(data);
}

static bool write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    const ssize_t put = write(fd, data, len);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return false;
    data += put;
    len -= (size_t)put;
  }
  return true;
}

static bool folder_of(char folder[PATH_MAX], const char *path) {
  const char *slash = strrchr(path, '/');
  const size_t len = slash ? (size_t)(slash - path) + 1 : 2;
  if (len >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(folder, slash ? path : "./", len);
  folder[len] = '\0';
  return true;
}

static bool sync_folder(const char *path) {
  char folder[PATH_MAX];
  if (!folder_of(folder, path))
    return false;
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool done = fsync(fd) == 0;
  (void)close(fd);
  return done;
}

/* link() refuses an existing name, rename() replaces it: both atomic. */
static bool put_in_place(const char *temp, const char *path, bool create) {
  if (!create)
    return rename(temp, path) == 0;
  return link(temp, path) == 0 && unlink(temp) == 0;
}

/* An operator who runs our programs as root must not lock a service out. */
static bool keep_owner(int fd, const char *path) {
  struct stat st;
  if (geteuid() != 0 || stat(path, &st) != 0)
    return true;
  return fchown(fd, st.st_uid, st.st_gid) == 0;
}

/*
 * Opens name, or makes it for path's owner. The folder may be a service's, who
 * may have been taken over: root gives away only what it has just made, and
 * follows no link that was planted.
 */
static int open_beside(const char *name, int flags, const char *path) {
  flags |= O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = -1;
  for (int i = 0; i < 3; i++) { /* it may come or go meanwhile */
    fd = open(name, flags | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 && !keep_owner(fd, path)) {
      const int cause = errno;
      (void)close(fd);
      (void)unlink(name);
      errno = cause;
      return -1;
    }
    if (fd < 0 && errno == EEXIST)
      fd = open(name, flags);
    if (fd >= 0 || errno != ENOENT)
      return fd;
  }
  return fd;
}

enum wk_err wk_file_append(int *fd, const char *path, const char *beside,
                           struct wk_why *why) {
  *fd = open_beside(path, O_WRONLY | O_APPEND, beside);
  return *fd < 0 ? io_error(why, path) : WK_OK;
}

static enum wk_err write_file(const char *path, const void *data, size_t len,
                              mode_t mode, bool create, struct wk_why *why) {
  char temp[PATH_MAX];
  const int need = snprintf(temp, sizeof temp, "%s.XXXXXX", path);
  if (need < 0 || (size_t)need >= sizeof temp)
    return wk_fail(why, WK_ERR_IO, "%s: path too long", path);
  const int fd = mkostemp(temp, O_CLOEXEC);
  if (fd < 0)
    return io_error(why, path);
  bool done = keep_owner(fd, path) && fchmod(fd, mode) == 0 &&
              write_all(fd, data, len) && fsync(fd) == 0 &&
              put_in_place(temp, path, create);
  const int cause = errno;
  (void)close(fd);
  if (!done) {
    (void)unlink(temp);
    errno = cause;
    return io_error(why, path);
  }
  return sync_folder(path) ? WK_OK : io_error(why, path);
}

enum wk_err wk_file_replace(const char *path, const void *data, size_t len,
                            mode_t mode, struct wk_why *why) {
  return write_file(path, data, len, mode, false, why);
}

enum wk_err wk_file_create(const char *path, const void *data, size_t len,
                           mode_t mode, struct wk_why *why) {
  return write_file(path, data, len, mode, true, why);
}

enum wk_err wk_file_replaceable(const char *path, struct wk_why *why) {
  char folder[PATH_MAX];
  if (!folder_of(folder, path))
    return io_error(why, path);
  if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
    return WK_OK;
  return wk_fail(why, WK_ERR_IO, "%s: cannot be replaced: %s: %s", path,
                 folder, strerror(errno));
}

enum wk_err wk_file_private(const char *path, const char *what,
                            struct wk_why *why) {
  struct stat st;
  if (stat(path, &st) != 0)
    return io_error(why, path);
  if (!S_ISREG(st.st_mode))
    return wk_fail(why, WK_ERR_KEY, "%s: %s is not a regular file", path,
                   what);
  if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return wk_fail(why, WK_ERR_KEY,
                   "%s: others may read this %s (mode %04o): chmod 600 it",
                   path, what, (unsigned)(st.st_mode & 07777));
  return WK_OK;
}

static bool take_flock(int lock, int how) {
  int result = 0;
  do
    result = flock(lock, how);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

static enum wk_err take_lock(int *fd, const char *path, int how,
                             struct wk_why *why) {
  char name[PATH_MAX];
  *fd = -1;
  const int need = snprintf(name, sizeof name, "%s.lock", path);
  if (need < 0 || (size_t)need >= sizeof name)
    return wk_fail(why, WK_ERR_IO, "%s: path too long", path);
  const int lock = open_beside(name, O_RDWR, path);
  if (lock < 0)
    return io_error(why, name);
  if (!take_flock(lock, how)) {
    const int cause = errno;
    (void)close(lock);
    if (cause == EWOULDBLOCK)
      return wk_fail(why, WK_ERR_BUSY, "%s: another process holds it", name);
    errno = cause;
    return io_error(why, name);
  }
  *fd = lock;
  return WK_OK;
}

enum wk_err wk_file_lock(int *fd, const char *path, struct wk_why *why) {
  return take_lock(fd, path, LOCK_EX, why);
}

enum wk_err wk_file_try_lock(int *fd, const char *path, struct wk_why *why) {
  return take_lock(fd, path, LOCK_EX | LOCK_NB, why);
}

void wk_file_unlock(int fd) {
  if (fd >= 0)
    (void)close(fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096u /* a longer line comes in pieces */
#define PAUSE_MS 200

struct followed {
  const char *path;
  follow_line *line;
  void *context;
  int fd; /* -1: not there yet */
  char part[LINE_MAX_BYTES + 1];
  size_t len;
};

static void give(struct followed *file) {
  file->part[file->len] = '\0';
  file->line(file->context, file->part);
  file->len = 0;
}

static void take(struct followed *file, const char *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (data[i] == '\n' || file->len == LINE_MAX_BYTES)
      give(file);
    if (data[i] != '\n')
      file->part[file->len++] = data[i];
  }
}

/* All that is there now; a last line that is not whole waits. */
static enum wk_err drain(struct followed *file, struct wk_why *why) {
  char data[16384];
  ssize_t len;
  while ((len = read(file->fd, data, sizeof data)) > 0)
    take(file, data, (size_t)len);
  return len == 0 || errno == EINTR
             ? WK_OK
             : wk_fail(why, WK_ERR_IO, "%s: %s", file->path, strerror(errno));
}

static enum wk_err look_for(struct followed *file, struct wk_why *why) {
  if (file->fd >= 0)
    return WK_OK;
  file->len = 0;
  file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
  return file->fd >= 0 || errno == ENOENT
             ? WK_OK
             : wk_fail(why, WK_ERR_IO, "%s: %s", file->path, strerror(errno));
}

/*
 * A new file stands at the path, and somebody writes to it: whoever wrote to
 * the old one has changed over, so nothing will come there any more.
 */
static bool moved(const struct followed *file) {
  struct stat here;
  struct stat there;
  return fstat(file->fd, &here) == 0 && stat(file->path, &there) == 0 &&
         there.st_size > 0 &&
         (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

/* Emptied in place, as logrotate's copytruncate does. */
static void rewind_if_emptied(struct followed *file) {
  struct stat here;
  const off_t at = lseek(file->fd, 0, SEEK_CUR);
  if (fstat(file->fd, &here) != 0 || at < 0 || here.st_size >= at)
    return;
  (void)lseek(file->fd, 0, SEEK_SET);
  file->len = 0;
}

/* One look: true when there may be more at once. */
static enum wk_err look(struct followed *file, bool *more,
                        struct wk_why *why) {
  *more = false;
  enum wk_err err = look_for(file, why);
  if (err != WK_OK || file->fd < 0)
    return err;
  rewind_if_emptied(file);
  const bool over = moved(file);
  err = drain(file, why);
  if (err == WK_OK && over) {
    (void)close(file->fd);
    file->fd = -1;
    *more = true;
  }
  return err;
}

enum wk_err follow(const char *path, follow_line *line, void *context,
                   struct wk_why *why) {
  static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  struct followed file = {
      .path = path, .line = line, .context = context, .fd = -1};
  enum wk_err err = WK_OK;
  bool more = true;
  while (err == WK_OK && fflush(stdout) == 0 && !ferror(stdout)) {
    if (!more)
      (void)nanosleep(&pause, NULL);
    err = look(&file, &more, why);
  }
  if (file.fd >= 0)
    (void)close(file.fd);
  return err;
}

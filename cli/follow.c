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
#define OLD_S 10 /* a file that was moved away is read on */

struct tail {
  int fd; /* -1: not open */
  char part[LINE_MAX_BYTES + 1];
  size_t len;
};

struct followed {
  const char *path;
  follow_line *line;
  void *context;
  struct tail now;
  struct tail old;     /* what stood at the path before */
  struct timespec end; /* of the old one */
};

static void give(const struct followed *file, struct tail *tail) {
  tail->part[tail->len] = '\0';
  file->line(file->context, tail->part);
  tail->len = 0;
}

static void take(const struct followed *file, struct tail *tail,
                 const char *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (data[i] == '\n' || tail->len == LINE_MAX_BYTES)
      give(file, tail);
    if (data[i] != '\n')
      tail->part[tail->len++] = data[i];
  }
}

/* All that is there now; a last line that is not whole waits. */
static enum wk_err drain(const struct followed *file, struct tail *tail,
                         struct wk_why *why) {
  char data[16384];
  ssize_t len;
  if (tail->fd < 0)
    return WK_OK;
  while ((len = read(tail->fd, data, sizeof data)) > 0)
    take(file, tail, data, (size_t)len);
  return len == 0 || errno == EINTR
             ? WK_OK
             : wk_fail(why, WK_ERR_IO, "%s: %s", file->path, strerror(errno));
}

static void tail_close(struct tail *tail) {
  if (tail->fd >= 0)
    (void)close(tail->fd);
  tail->fd = -1;
  tail->len = 0;
}

static enum wk_err look_for(struct followed *file, struct wk_why *why) {
  if (file->now.fd >= 0)
    return WK_OK;
  file->now.fd = open(file->path, O_RDONLY | O_CLOEXEC);
  return file->now.fd >= 0 || errno == ENOENT
             ? WK_OK
             : wk_fail(why, WK_ERR_IO, "%s: %s", file->path, strerror(errno));
}

/* A new file stands at the path, and somebody writes to it. */
static bool moved(const struct followed *file) {
  struct stat here;
  struct stat there;
  return fstat(file->now.fd, &here) == 0 && stat(file->path, &there) == 0 &&
         there.st_size > 0 &&
         (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

/*
 * Not everybody writes to the new file at once: a command line does, and a
 * broker when its reload has come through. So both are read for a while.
 */
static void change_over(struct followed *file) {
  tail_close(&file->old);
  file->old = file->now;
  file->now.fd = -1;
  file->now.len = 0;
  (void)clock_gettime(CLOCK_MONOTONIC, &file->end);
  file->end.tv_sec += OLD_S;
}

static void leave_old(struct followed *file) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec > file->end.tv_sec)
    tail_close(&file->old);
}

/* Emptied in place, as logrotate's copytruncate does. */
static void rewind_if_emptied(struct tail *tail) {
  struct stat here;
  const off_t at = lseek(tail->fd, 0, SEEK_CUR);
  if (fstat(tail->fd, &here) != 0 || at < 0 || here.st_size >= at)
    return;
  (void)lseek(tail->fd, 0, SEEK_SET);
  tail->len = 0;
}

/* One look: true when there may be more at once. */
static enum wk_err look(struct followed *file, bool *more,
                        struct wk_why *why) {
  *more = false;
  enum wk_err err = look_for(file, why);
  if (err == WK_OK)
    err = drain(file, &file->old, why);
  leave_old(file);
  if (err != WK_OK || file->now.fd < 0)
    return err;
  rewind_if_emptied(&file->now);
  const bool over = moved(file);
  err = drain(file, &file->now, why);
  if (err == WK_OK && over) {
    change_over(file);
    *more = true;
  }
  return err;
}

enum wk_err follow(const char *path, follow_line *line, void *context,
                   struct wk_why *why) {
  static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  struct followed file = {.path = path, .line = line, .context = context};
  enum wk_err err = WK_OK;
  bool more = true;
  file.now.fd = file.old.fd = -1;
  while (err == WK_OK && fflush(stdout) == 0 && !ferror(stdout)) {
    if (!more)
      (void)nanosleep(&pause, NULL);
    err = look(&file, &more, why);
  }
  tail_close(&file.old);
  tail_close(&file.now);
  return err;
}

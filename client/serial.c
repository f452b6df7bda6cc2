/* SPDX-License-Identifier: Apache-2.0 */
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/steady.h>

#define AT_ONCE 1024 /* bytes of a line that never falls silent */

enum wk_err serial_lost(struct serial *s, const char *cause,
                        struct wk_why *why) {
  serial_close(s);
  return wk_fail(why, WK_ERR_IO, "%s: %s", s->name, cause);
}

/* ---- opening ------------------------------------------------------------ */

static bool configure(int fd) {
  struct termios mode;
  if (tcgetattr(fd, &mode) != 0)
    return false;
  cfmakeraw(&mode);
  mode.c_cflag |= CLOCAL | CREAD;
  /* Hanging up resets many a board. */
  mode.c_cflag &= ~(tcflag_t)(HUPCL | CSTOPB | CRTSCTS);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  return cfsetspeed(&mode, B57600) == 0 &&
         tcsetattr(fd, TCSANOW, &mode) == 0 && tcflush(fd, TCIOFLUSH) == 0;
}

/* Debian gives serial ports to a group, of which few users are. */
static enum wk_err not_open(const char *name, int cause, struct wk_why *why) {
  struct stat st;
  const struct group *group = NULL;
  if (cause == EACCES && stat(name, &st) == 0 && (st.st_mode & S_IWGRP) != 0)
    group = getgrgid(st.st_gid);
  if (group)
    return wk_fail(why, WK_ERR_IO, "%s: %s: it is for the group %s", name,
                   strerror(cause), group->gr_name);
  return wk_fail(why, cause == ENOENT ? WK_ERR_MISSING : WK_ERR_IO, "%s: %s",
                 name, strerror(cause));
}

enum wk_err serial_open(struct serial *s, struct wk_why *why) {
  memset(&s->in, 0, sizeof s->in);
  s->fd = open(s->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (s->fd < 0)
    return not_open(s->name, errno, why);
  if (!isatty(s->fd)) {
    serial_close(s);
    return wk_fail(why, WK_ERR_ARGUMENT, "%s: is no serial port", s->name);
  }
  if (flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
    serial_close(s);
    return wk_fail(why, WK_ERR_BUSY, "%s: another program uses the dongle",
                   s->name);
  }
  return configure(s->fd) ? WK_OK : serial_lost(s, strerror(errno), why);
}

void serial_close(struct serial *s) {
  if (s->fd >= 0)
    (void)close(s->fd);
  s->fd = -1;
  s->out_len = s->sent = 0;
  wk_wipe(&s->in, sizeof s->in);
  wk_wipe(s->out, sizeof s->out);
}

/* ---- bytes -------------------------------------------------------------- */

bool serial_unsent(const struct serial *s) {
  return s->sent < s->out_len;
}

void serial_wait(const struct serial *s, int64_t until) {
  struct pollfd line = {.fd = s->fd,
                        .events = serial_unsent(s) ? POLLOUT : POLLIN};
  const int64_t left = until - wk_steady_ms();
  /* Errors show at the read or write that follows. */
  (void)poll(&line, 1, left > 0 ? (int)left : 0);
}

void serial_put(struct serial *s, const uint8_t *content, size_t len) {
  s->out_len = frame_write(s->out, content, len);
  s->sent = 0;
}

static bool is_later(void) {
  return errno == EAGAIN || errno == EINTR;
}

enum wk_err serial_send(struct serial *s, struct wk_why *why) {
  while (serial_unsent(s)) {
    const ssize_t count = write(s->fd, s->out + s->sent, s->out_len - s->sent);
    if (count < 0 && is_later())
      return WK_OK;
    if (count <= 0)
      return serial_lost(s, "does not take what is sent", why);
    s->sent += (size_t)count;
  }
  wk_wipe(s->out, sizeof s->out);
  return WK_OK;
}

enum wk_err serial_receive(struct serial *s, const uint8_t **content,
                           size_t *len, struct wk_why *why) {
  uint8_t byte = 0;
  *len = 0;
  /* Byte by byte: what follows a frame stays in the kernel. */
  for (int i = 0; i < AT_ONCE; i++) {
    const ssize_t got = read(s->fd, &byte, 1);
    if (got == 0)
      return serial_lost(s, "the dongle was unplugged", why);
    if (got < 0)
      return is_later() ? WK_OK : serial_lost(s, strerror(errno), why);
    if (frame_take(&s->in, byte, content, len))
      return WK_OK;
  }
  return WK_OK;
}

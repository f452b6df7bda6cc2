/* SPDX-License-Identifier: Apache-2.0 */
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/steady.h>

#define SEND_MS 2000

static enum wk_err lost(struct serial *s, const char *cause,
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

enum wk_err serial_open(struct serial *s, struct wk_why *why) {
  memset(&s->in, 0, sizeof s->in);
  s->fd = open(s->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (s->fd < 0)
    return wk_fail(why, errno == ENOENT ? WK_ERR_MISSING : WK_ERR_IO, "%s: %s",
                   s->name, strerror(errno));
  if (!isatty(s->fd)) {
    serial_close(s);
    return wk_fail(why, WK_ERR_ARGUMENT, "%s: is no serial port", s->name);
  }
  if (flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
    serial_close(s);
    return wk_fail(why, WK_ERR_BUSY, "%s: another program uses the dongle",
                   s->name);
  }
  return configure(s->fd) ? WK_OK : lost(s, strerror(errno), why);
}

void serial_close(struct serial *s) {
  if (s->fd >= 0)
    (void)close(s->fd);
  s->fd = -1;
  wk_wipe(&s->in, sizeof s->in);
}

/* ---- bytes -------------------------------------------------------------- */

/* False: not within the time. Errors show at the read or write that follows.
 */
static bool await(const struct serial *s, short events, int64_t until) {
  struct pollfd line = {.fd = s->fd, .events = events};
  for (;;) {
    const int64_t left = until - wk_steady_ms();
    const int ready = poll(&line, 1, left > 0 ? (int)left : 0);
    if (ready >= 0 || errno != EINTR)
      return ready != 0;
  }
}

enum wk_err serial_send(struct serial *s, const uint8_t *content, size_t len,
                        struct wk_why *why) {
  const int64_t until = wk_steady_ms() + SEND_MS;
  uint8_t wire[FRAME_WIRE_MAX];
  const size_t size = frame_write(wire, content, len);
  size_t sent = 0;
  while (sent < size && await(s, POLLOUT, until)) {
    const ssize_t count = write(s->fd, wire + sent, size - sent);
    if (count > 0)
      sent += (size_t)count;
    else if (errno != EAGAIN && errno != EINTR)
      break;
  }
  wk_wipe(wire, sizeof wire);
  return sent == size ? WK_OK : lost(s, "does not take what is sent", why);
}

enum wk_err serial_receive(struct serial *s, const uint8_t **content,
                           size_t *len, int ms, struct wk_why *why) {
  const int64_t until = wk_steady_ms() + ms;
  uint8_t byte = 0;
  *len = 0;
  /* Byte by byte: what follows a frame stays in the kernel. */
  while (await(s, POLLIN, until)) {
    const ssize_t got = read(s->fd, &byte, 1);
    if (got == 0)
      return lost(s, "the dongle was unplugged", why);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return lost(s, strerror(errno), why);
    if (got == 1 && frame_take(&s->in, byte, content, len))
      return WK_OK;
  }
  return WK_OK;
}

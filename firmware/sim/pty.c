/* SPDX-License-Identifier: Apache-2.0 */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool make_raw(int fd) {
  struct termios mode;
  if (tcgetattr(fd, &mode) != 0)
    return false;
  cfmakeraw(&mode);
  return tcsetattr(fd, TCSANOW, &mode) == 0;
}

static bool open_both(struct pty *pty) {
  pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (pty->master < 0 || grantpt(pty->master) != 0 ||
      unlockpt(pty->master) != 0 ||
      ptsname_r(pty->master, pty->name, sizeof pty->name) != 0)
    return false;
  pty->slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return pty->slave >= 0 && make_raw(pty->slave);
}

enum wk_err pty_open(struct pty *pty, struct wk_why *why) {
  *pty = (struct pty){-1, -1, ""};
  if (open_both(pty))
    return WK_OK;
  const int reason = errno;
  pty_close(pty);
  return wk_fail(why, WK_ERR_IO, "no pseudo terminal: %s", strerror(reason));
}

void pty_close(struct pty *pty) {
  if (pty->slave >= 0)
    (void)close(pty->slave);
  if (pty->master >= 0)
    (void)close(pty->master);
  *pty = (struct pty){-1, -1, ""};
}

bool pty_wait(const struct pty *pty, int ms) {
  struct pollfd from = {.fd = pty->master, .events = POLLIN};
  return poll(&from, 1, ms) > 0;
}

void pty_carry(const struct pty *pty, struct wk_serial *serial) {
  uint8_t bytes[256];
  /* What a host sends while the chip starts waits, as in an adapter. */
  if (wk_serial_listens(serial) &&
      WK_SERIAL_ROOM - serial->queued >= sizeof bytes) {
    const ssize_t got = read(pty->master, bytes, sizeof bytes);
    if (got > 0)
      (void)wk_serial_send(serial, bytes, (size_t)got);
  }
  const size_t sent = wk_serial_receive(serial, bytes, sizeof bytes);
  /* A host that does not read loses bytes, as on a wire. */
  if (sent > 0 && write(pty->master, bytes, sent) < 0)
    return;
}

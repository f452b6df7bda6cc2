# SPDX-License-Identifier: Apache-2.0
"""A broker's steady clock, in a test's hands."""

import wk

# Of the program's first thread alone: the others wait by the real clock.
SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static struct timespec held;
static void move(struct timespec *now) {
  char told[32] = "";
  const int fd = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  read(fd, told, sizeof told - 1);
  close(fd);
  if (told[0] != '=')
    now->tv_sec += atoi(told);
  else if (held.tv_sec == 0)
    held = *now;
  else
    *now = held;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  const int err = syscall(SYS_clock_gettime, clock, now);
  if (err == 0 && clock == CLOCK_MONOTONIC && gettid() == getpid())
    move(now);
  return err;
}
"""


class Clock:
    """For Broker(under=clock.under); real time until told otherwise."""

    def __init__(self, folder):
        self.folder = folder
        self.under = wk.preload(folder, SOURCE,
                                TEST_CLOCK=folder.path("clock"))

    def forward(self, seconds):
        self.folder.write("clock", str(seconds))

    def stop(self):
        self.folder.write("clock", "=")


def assert_once_a_minute(case, clock, live, line):
    """What case.server has told just now it tells once a minute. live is a
    client: its pings make the broker's loop go round, and look."""
    mark = case.server.mark()
    clock.forward(55)
    for _ in range(3):
        live.ping()
    case.assertNotIn(line, case.server.log(mark))
    clock.forward(61)
    case.server.wait_log(line, mark)
    for _ in range(3):
        live.ping()
    case.assertEqual(case.server.log(mark).count(line), 1)

/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 5
#define WAITS 4000 /* so often PAUSE_MS until it listens, or has ended */
#define ASK_AGAIN 200

static void pause_a_moment(void) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  (void)nanosleep(&pause, NULL);
}

/* Its log goes where the configuration says. */
static void become_broker(const char *config) {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; nowhere >= 0 && fd <= 2; fd++)
    (void)dup2(nowhere, fd);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)setpgid(0, 0); /* Ctrl-C is for us, who end it */
  (void)execlp("mosquitto", "mosquitto", "-c", config, (char *)NULL);
  _exit(127);
}

static bool listens(const struct place *place) {
  struct peer peer = {.fd = -1};
  const bool listening = peer_open(&peer, place);
  peer_close(&peer);
  return listening;
}

/* False: it has ended. */
static bool runs(struct child *child) {
  if (waitpid(child->pid, NULL, WNOHANG) != child->pid)
    return true;
  child->pid = 0;
  return false;
}

enum wk_err child_start(struct child *child, const char *config,
                        const struct place *place, struct wk_why *why) {
  if (listens(place))
    return wk_fail(why, WK_ERR_IO,
                   "--broker %s: somebody listens at its port already",
                   config);
  child->pid = fork();
  if (child->pid == 0)
    become_broker(config);
  if (child->pid < 0) {
    child->pid = 0;
    return wk_fail(why, WK_ERR_IO, "fork: %s", strerror(errno));
  }
  for (int i = 0; i < WAITS && runs(child); i++) {
    if (listens(place))
      return WK_OK;
    pause_a_moment();
  }
  child_stop(child);
  return wk_fail(why, WK_ERR_IO,
                 "mosquitto -c %s: ended, or does not listen at --port; its "
                 "log, or a try by hand, may tell why",
                 config);
}

void child_stop(struct child *child) {
  if (child->pid <= 0)
    return;
  /* Mosquitto loses a signal that comes while it starts: it is asked again,
   * and not for ever. */
  for (int i = 0; i < WAITS && runs(child); i++) {
    if (i % ASK_AGAIN == 0)
      (void)kill(child->pid, SIGTERM);
    pause_a_moment();
  }
  if (child->pid > 0) {
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
  }
  child->pid = 0;
}

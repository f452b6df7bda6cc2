/* SPDX-License-Identifier: Apache-2.0 */
/* Where local clients come in, and who may. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <whitekey/log.h>

#include "agent.h"

#define BACKLOG 128

static enum wk_err failed(const struct config_listen *config,
                          struct wk_why *why) {
  const int cause = errno;
  if (config->path[0] != '\0')
    return wk_fail(why, WK_ERR_IO, "listen unix:%s: %s", config->path,
                   strerror(cause));
  return wk_fail(why, WK_ERR_IO, "listen %s port %u: %s", config->address.host,
                 config->address.port, strerror(cause));
}

/* ---- who may ------------------------------------------------------------ */

static bool may_enter(const struct agent *agent, int fd) {
  const struct config *config = agent->config;
  struct ucred peer;
  socklen_t len = sizeof peer;
  if (config->user_count == 0)
    return true;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
    return false;
  for (size_t i = 0; i < config->user_count; i++) {
    if (config->users[i] == peer.uid)
      return true;
  }
  wk_log(WK_LOG_NOTICE, "user %u, process %d: not allowed here",
         (unsigned)peer.uid, (int)peer.pid);
  return false;
}

static void on_client(struct watch *watch, uint32_t events) {
  struct agent *agent = watch->owner;
  const int one = 1;
  (void)events;
  const int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const bool full = agent->session_count >= AGENT_SESSIONS_MAX;
  if (!may_enter(agent, fd) || (full && !session_evict(agent)) ||
      !session_new(agent, fd))
    (void)close(fd);
}

/* ---- where -------------------------------------------------------------- */

/* What a killed agent left behind is no one's; what answers is another's. */
static bool take_path(const struct sockaddr_un *address) {
  struct stat st;
  if (lstat(address->sun_path, &st) != 0)
    return errno == ENOENT;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0)
    return false;
  const bool alive =
      !S_ISSOCK(st.st_mode) ||
      connect(probe, (const struct sockaddr *)address, sizeof *address) == 0;
  (void)close(probe);
  if (alive) {
    errno = EADDRINUSE;
    return false;
  }
  return unlink(address->sun_path) == 0;
}

/* Without a list the file's mode decides: its owner's programs, and root's. */
static int open_unix(const struct config_listen *config, mode_t mode) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, config->path, sizeof config->path);
  if (!take_path(&address))
    return -1;
  const int fd =
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  const mode_t before = umask(0777);
  const bool bound =
      bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
  (void)umask(before);
  if (bound && chmod(config->path, mode) == 0)
    return fd;
  (void)close(fd);
  return -1;
}

static int open_tcp(const struct config_listen *config) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_NUMERICHOST};
  const int one = 1;
  struct addrinfo *at = NULL;
  char service[8];
  (void)snprintf(service, sizeof service, "%u", config->address.port);
  if (getaddrinfo(config->address.host, service, &hints, &at) != 0) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  int fd =
      socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 &&
      (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
       bind(fd, at->ai_addr, at->ai_addrlen) != 0)) {
    const int cause = errno;
    (void)close(fd);
    errno = cause;
    fd = -1;
  }
  freeaddrinfo(at);
  return fd;
}

enum wk_err listen_open(struct agent *agent, struct wk_why *why) {
  const struct config *config = agent->config;
  const mode_t mode = config->user_count > 0 ? 0666 : 0600;
  for (size_t i = 0; i < config->listen_count; i++) {
    struct listener *listener = &agent->listeners[i];
    const struct config_listen *where = &config->listen[i];
    const bool by_path = where->path[0] != '\0';
    const int fd = by_path ? open_unix(where, mode) : open_tcp(where);
    listener->config = where;
    listener->watch =
        (struct watch){.fd = fd, .ready = on_client, .owner = agent};
    if (fd < 0 || listen(fd, BACKLOG) != 0)
      return failed(where, why);
  }
  listen_watch(agent, true);
  return WK_OK;
}

void listen_watch(struct agent *agent, bool on) {
  if (agent->listening == on)
    return;
  agent->listening = on;
  for (size_t i = 0; i < agent->config->listen_count; i++) {
    if (!watch_set(&agent->listeners[i].watch, agent->epoll, on ? EPOLLIN : 0))
      wk_log(WK_LOG_ERROR, "epoll: %s", strerror(errno));
  }
}

void listen_close(struct agent *agent) {
  for (size_t i = 0; i < CONFIG_LISTEN_MAX; i++) {
    const struct listener *listener = &agent->listeners[i];
    if (!listener->config || listener->watch.fd < 0)
      continue;
    (void)close(listener->watch.fd);
    if (listener->config->path[0] != '\0')
      (void)unlink(listener->config->path);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define OTHER_FILES 32u /* registry, audit, epoll, standard streams */

uint64_t net_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

enum wk_err net_resolve(struct sockaddr_storage *address, socklen_t *len,
                        const char *host, uint16_t port, struct wk_why *why) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  char service[8];
  (void)snprintf(service, sizeof service, "%u", port);
  const int error = getaddrinfo(host, service, &hints, &found);
  if (error)
    return wk_fail(why, WK_ERR_MISSING, "--host %s: %s", host,
                   gai_strerror(error));
  /* A broker on this machine mostly listens on 127.0.0.1 alone. */
  const struct addrinfo *pick = found;
  while (pick->ai_family != AF_INET && pick->ai_next)
    pick = pick->ai_next;
  if (pick->ai_family != AF_INET)
    pick = found;
  memcpy(address, pick->ai_addr, pick->ai_addrlen);
  *len = pick->ai_addrlen;
  freeaddrinfo(found);
  return WK_OK;
}

enum wk_err net_limit(uint32_t sockets, struct wk_why *why) {
  struct rlimit limit;
  const rlim_t want = sockets + OTHER_FILES;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
    return WK_OK;
  if (limit.rlim_max < want)
    return wk_fail(why, WK_ERR_SPACE,
                   "--devices %u: needs %llu open files, the limit is %llu "
                   "(ulimit -n)",
                   sockets, (unsigned long long)want,
                   (unsigned long long)limit.rlim_max);
  limit.rlim_cur = want;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return wk_fail(why, WK_ERR_IO, "ulimit -n %llu: %s",
                   (unsigned long long)want, strerror(errno));
  return WK_OK;
}

static bool watch(const struct sim *sim, struct device *device, int operation,
                  uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = device}};
  return epoll_ctl(sim->epoll, operation, device->fd, &event) == 0;
}

int net_open(struct sim *sim, struct device *device) {
  const int one = 1;
  device->in_len = 0;
  device->out_len = 0;
  device->waits_to_write = true;
  device->answered = false;
  device->fd = socket(sim->address.ss_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (device->fd < 0 ||
      !watch(sim, device, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT)) {
    sim->failed = true;
    (void)wk_fail(&sim->why, WK_ERR_IO, "socket: %s", strerror(errno));
    return errno;
  }
  (void)setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(device->fd, (const struct sockaddr *)&sim->address,
              sim->address_len) == 0 ||
      errno == EINPROGRESS)
    return 0;
  return errno;
}

void net_close(struct device *device) {
  if (device->fd >= 0)
    (void)close(device->fd); /* and epoll forgets it */
  device->fd = -1;
}

int net_opened(const struct device *device) {
  int error = 0;
  socklen_t len = sizeof error;
  if (getsockopt(device->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
    return errno;
  return error;
}

bool net_flush(struct sim *sim, struct device *device) {
  while (device->out_len > 0) {
    const ssize_t sent =
        send(device->fd, device->out, device->out_len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno != EAGAIN)
      return false;
    if (sent < 0)
      break;
    device->out_len = (uint16_t)(device->out_len - sent);
    memmove(device->out, device->out + sent, device->out_len);
    device->spoke = sim->now;
  }
  const bool waits = device->out_len > 0;
  if (waits == device->waits_to_write)
    return true;
  device->waits_to_write = waits;
  return watch(sim, device, EPOLL_CTL_MOD,
               waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool net_read(struct device *device) {
  const ssize_t got = recv(device->fd, device->in + device->in_len,
                           PACKET_MAX - device->in_len, 0);
  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  device->in_len = (uint16_t)(device->in_len + got);
  return got > 0;
}

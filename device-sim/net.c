/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <arpa/inet.h>
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

static enum wk_err add_source(struct sim *sim, const char *text,
                              struct wk_why *why) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                 .ai_family = sim->address.ss_family,
                                 .ai_flags = AI_NUMERICHOST};
  struct addrinfo *found = NULL;
  if (sim->sources == SOURCES_MAX)
    return wk_fail(why, WK_ERR_SPACE, "--bind: more than %u addresses",
                   SOURCES_MAX);
  const int error = getaddrinfo(text, NULL, &hints, &found);
  if (error)
    return wk_fail(why, WK_ERR_ARGUMENT, "--bind %s: %s", text,
                   gai_strerror(error));
  memcpy(&sim->source[sim->sources++], found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return WK_OK;
}

enum wk_err net_sources(struct sim *sim, struct wk_why *why) {
  const char *list = sim->options->bind;
  enum wk_err err = WK_OK;
  while (list && err == WK_OK) {
    char text[INET6_ADDRSTRLEN + 1];
    const size_t len = strcspn(list, ",");
    (void)snprintf(text, sizeof text, "%.*s", (int)len, list);
    err = add_source(sim, text, why);
    list = list[len] ? list + len + 1 : NULL;
  }
  return err;
}

enum wk_err net_limit(uint32_t sockets, struct wk_why *why) {
  struct rlimit limit;
  const rlim_t want = sockets + OTHER_FILES;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
    return WK_OK;
  const rlim_t had = limit.rlim_max;
  limit.rlim_cur = want;
  if (had < want)
    limit.rlim_max = want; /* which root may do */
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
    return WK_OK;
  return wk_fail(why, WK_ERR_SPACE,
                 "--devices %u: needs %llu open files, the limit is %llu "
                 "(ulimit -n, or LimitNOFILE= of a service): %s",
                 sockets, (unsigned long long)want, (unsigned long long)had,
                 strerror(errno));
}

static bool watch(const struct sim *sim, struct device *device, int operation,
                  uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = device}};
  return epoll_ctl(sim->epoll, operation, device->fd, &event) == 0;
}

/* Devices take the addresses in turn; the port is chosen by connect(), which
 * knows that one may serve two addresses. */
static bool take_source(const struct sim *sim, const struct device *device) {
  const int one = 1;
  if (sim->sources == 0)
    return true;
  const size_t number = (size_t)(device - sim->devices);
  const struct sockaddr_storage *source = &sim->source[number % sim->sources];
  (void)setsockopt(device->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                   sizeof one);
  return bind(device->fd, (const struct sockaddr *)source, sim->address_len) ==
         0;
}

static int fail_open(struct sim *sim, const char *what) {
  const int error = errno;
  sim->failed = true;
  (void)wk_fail(&sim->why, WK_ERR_IO, "%s: %s", what, strerror(error));
  return error;
}

int net_open(struct sim *sim, struct device *device) {
  const int one = 1;
  device->in_len = 0;
  device->out_len = 0;
  device->release = 0;
  device->waits_to_write = true;
  device->fd = socket(sim->address.ss_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (device->fd < 0 || !watch(sim, device, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT))
    return fail_open(sim, "socket");
  if (!take_source(sim, device))
    return fail_open(sim, "--bind");
  (void)setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(device->fd, (const struct sockaddr *)&sim->address,
              sim->address_len) == 0 ||
      errno == EINPROGRESS)
    return 0;
  if (errno == EADDRNOTAVAIL)
    return fail_open(sim, "no port is left on this side: spread the devices "
                          "over more addresses with --bind");
  return errno;
}

void net_close(struct device *device) {
  wk_tls_free(device->tls);
  device->tls = NULL;
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

static bool watch_for(const struct sim *sim, struct device *device,
                      bool waits_to_write) {
  if (waits_to_write == device->waits_to_write)
    return true;
  device->waits_to_write = waits_to_write;
  return watch(sim, device, EPOLL_CTL_MOD,
               waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

enum wk_tls_wants net_secure(struct sim *sim, struct device *device,
                             struct wk_why *why) {
  if (!device->tls)
    device->tls = wk_tls_new(sim->tls, device->fd, sim->options->host);
  if (!device->tls) {
    wk_why_set(why, "TLS: out of memory");
    return WK_TLS_FAILED;
  }
  const enum wk_tls_wants wants = wk_tls_handshake(device->tls, why);
  if (wants == WK_TLS_FAILED || watch_for(sim, device, wants == WK_TLS_WRITE))
    return wants;
  wk_why_set(why, "epoll: %s", strerror(errno));
  return WK_TLS_FAILED;
}

void net_end(const struct device *device) {
  if (device->tls)
    wk_tls_end(device->tls);
}

static ssize_t put(const struct device *device) {
  return device->tls
             ? wk_tls_write(device->tls, device->out, device->out_len)
             : send(device->fd, device->out, device->out_len, MSG_NOSIGNAL);
}

static ssize_t get(struct device *device) {
  uint8_t *place = device->in + device->in_len;
  const size_t room = PACKET_MAX - device->in_len;
  return device->tls ? wk_tls_read(device->tls, place, room)
                     : recv(device->fd, place, room, 0);
}

static bool send_some(struct sim *sim, struct device *device) {
  while (device->out_len > 0) {
    const ssize_t sent = put(device);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return errno == EAGAIN;
    device->out_len = (uint16_t)(device->out_len - sent);
    memmove(device->out, device->out + sent, device->out_len);
    device->spoke = sim->now;
  }
  return true;
}

bool net_flush(struct sim *sim, struct device *device) {
  const bool held = device->release > sim->now;
  if (!held) {
    device->release = 0;
    if (!send_some(sim, device))
      return false;
  }
  return watch_for(sim, device, device->out_len > 0 && !held);
}

void net_ignore(const struct sim *sim, const struct device *device) {
  (void)epoll_ctl(sim->epoll, EPOLL_CTL_DEL, device->fd, NULL);
}

bool net_read(struct device *device) {
  const ssize_t got = get(device);
  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  device->in_len = (uint16_t)(device->in_len + got);
  return got > 0;
}

bool net_pending(const struct device *device) {
  return device->tls && wk_tls_pending(device->tls);
}

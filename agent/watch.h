/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - who is called when a descriptor is ready: what epoll holds. */
#ifndef WK_AGENT_WATCH_H
#define WK_AGENT_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct watch {
  int fd; /* -1: none */
  uint32_t events;
  bool added;
  void (*ready)(struct watch *watch, uint32_t events);
  void *owner;
};

/*
 * Watches for other events than before; false: the system refused. 0: for
 * nothing at all, not even errors, which epoll would tell of again and again.
 */
static inline bool watch_set(struct watch *watch, int epoll, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = watch}};
  if (watch->added ? watch->events == events : events == 0)
    return true;
  if (events == 0) {
    watch->added = false;
    return epoll_ctl(epoll, EPOLL_CTL_DEL, watch->fd, NULL) == 0;
  }
  const int how = watch->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll, how, watch->fd, &event) != 0)
    return false;
  watch->added = true;
  watch->events = events;
  return true;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h - the broker's addresses, looked up on a thread of its own: a name
 * server that does not answer must not hold up the sessions that stand.
 */
#ifndef WK_AGENT_RESOLVE_H
#define WK_AGENT_RESOLVE_H

#include <netdb.h>
#include <pthread.h>

#include <whitekey/address.h>

#include "watch.h"

struct resolver {
  struct watch watch; /* readable when a look-up is done */
  const struct wk_address *address;
  pthread_t thread;
  bool busy;
  int error; /* of getaddrinfo(), 0: found */
  struct addrinfo *found;
};

/* False: the system refused. resolver_end() is due in every case. */
bool resolver_init(struct resolver *resolver,
                   const struct wk_address *address);
void resolver_end(struct resolver *resolver);

/* Begins a look-up; none is under way. False: the system refused. */
bool resolver_start(struct resolver *resolver);

/* When the watch is ready: the addresses, the caller's for freeaddrinfo(), or
 * NULL and resolver->error. */
struct addrinfo *resolver_take(struct resolver *resolver);

#endif

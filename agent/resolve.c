/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool resolver_init(struct resolver *resolver,
                   const struct wk_address *address) {
  resolver->address = address;
  resolver->watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return resolver->watch.fd >= 0;
}

void resolver_end(struct resolver *resolver) {
  if (resolver->busy)
    (void)pthread_join(resolver->thread, NULL);
  if (resolver->busy && resolver->error == 0)
    freeaddrinfo(resolver->found);
  if (resolver->watch.fd >= 0)
    (void)close(resolver->watch.fd);
}

static void *look_up(void *context) {
  struct resolver *resolver = context;
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  const uint64_t one = 1;
  char service[8];
  (void)snprintf(service, sizeof service, "%u", resolver->address->port);
  resolver->error =
      getaddrinfo(resolver->address->host, service, &hints, &resolver->found);
  const ssize_t put = write(resolver->watch.fd, &one, sizeof one);
  (void)put; /* an event's counter takes a 1 */
  return NULL;
}

bool resolver_start(struct resolver *resolver) {
  resolver->busy =
      pthread_create(&resolver->thread, NULL, look_up, resolver) == 0;
  return resolver->busy;
}

struct addrinfo *resolver_take(struct resolver *resolver) {
  uint64_t count = 0;
  const ssize_t got = read(resolver->watch.fd, &count, sizeof count);
  (void)got;
  (void)pthread_join(resolver->thread, NULL);
  resolver->busy = false;
  return resolver->error == 0 ? resolver->found : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <whitekey/log.h>

#include "link.h"

struct gateway {
  const struct wk_ingest *ingest;
  struct wk_link *link;
  sigset_t signals;
  int signal_fd;
  atomic_bool stopping;
  unsigned connection; /* that `sent` belongs to */
  int64_t sent;        /* the last post handed to it */
};

/* A second, or until somebody wants us to stop. */
static bool pause_or_stop(struct gateway *gateway) {
  const struct timespec second = {.tv_sec = 1, .tv_nsec = 0};
  return sigtimedwait(&gateway->signals, NULL, &second) > 0 ||
         atomic_load(&gateway->stopping);
}

/*
 * On Paho's thread. A reading that cannot be stored is not acknowledged: no
 * return before it is durable. Told to stop meanwhile the process ends here,
 * because any return would acknowledge; the broker keeps the reading for the
 * next start.
 */
static void arrived(void *context, const char *topic, const uint8_t *payload,
                    size_t len) {
  struct gateway *gateway = context;
  struct wk_why why;
  bool told = false;
  if (!wk_routes_reads(gateway->ingest->routes, topic)) {
    wk_log(WK_LOG_WARNING, "%s: passed over, no filter subscribes to it now",
           topic);
    return;
  }
  while (wk_ingest(gateway->ingest, topic, payload, len, time(NULL), &why) !=
         WK_OK) {
    if (!told)
      wk_log(WK_LOG_ERROR, "a reading cannot be stored, trying again: %s",
             why.text);
    told = true;
    if (pause_or_stop(gateway)) {
      wk_log(WK_LOG_ERROR, "stopped with a reading that was not stored; the"
                           " broker keeps it");
      _exit(EXIT_FAILURE);
    }
  }
  if (told)
    wk_log(WK_LOG_NOTICE, "readings are stored again");
  wk_link_kick(gateway->link);
}

static void forget_posted(struct gateway *gateway) {
  int64_t ids[WK_LINK_FLIGHTS];
  struct wk_why why;
  const size_t count = wk_link_posted(gateway->link, ids);
  if (count > 0 &&
      wk_store_posted(gateway->ingest->store, ids, count, &why) != WK_OK)
    wk_log(WK_LOG_WARNING, "%zu posts will be sent again: %s", count,
           why.text);
}

/* Sends from the outbox, oldest first; a new connection begins anew. */
static void send_posts(struct gateway *gateway) {
  struct wk_post post;
  struct wk_why why;
  const unsigned connection = wk_link_online(gateway->link);
  if (connection == 0)
    return;
  if (connection != gateway->connection)
    gateway->sent = 0;
  gateway->connection = connection;
  enum wk_err err = WK_OK;
  while (err == WK_OK) {
    err =
        wk_store_next_post(gateway->ingest->store, gateway->sent, &post, &why);
    if (err == WK_ERR_IO)
      wk_log(WK_LOG_ERROR, "the outbox: %s", why.text);
    if (err != WK_OK)
      return;
    err = wk_link_send(gateway->link, &post);
    if (err == WK_OK)
      gateway->sent = post.id;
    wk_post_free(&post);
  }
}

static void loop(struct gateway *gateway) {
  struct pollfd wait[2] = {
      {.fd = gateway->signal_fd, .events = POLLIN},
      {.fd = wk_link_fd(gateway->link), .events = POLLIN}};
  while (!atomic_load(&gateway->stopping)) {
    const int timeout = wk_link_step(gateway->link);
    forget_posted(gateway);
    send_posts(gateway);
    if (poll(wait, 2, timeout) > 0 && (wait[0].revents & POLLIN) != 0)
      atomic_store(&gateway->stopping, true);
  }
}

enum wk_err wk_gateway_run(const struct wk_ingest *ingest,
                           struct wk_client *client, struct wk_why *why) {
  struct gateway gateway = {.ingest = ingest};
  (void)sigemptyset(&gateway.signals);
  (void)sigaddset(&gateway.signals, SIGTERM);
  (void)sigaddset(&gateway.signals, SIGINT);
  (void)signal(SIGPIPE, SIG_IGN);
  /* Before Paho starts its threads, which inherit the mask. */
  if (pthread_sigmask(SIG_BLOCK, &gateway.signals, NULL) != 0)
    return wk_fail(why, WK_ERR_IO, "signals: %s", strerror(errno));
  gateway.signal_fd = signalfd(-1, &gateway.signals, SFD_CLOEXEC);
  if (gateway.signal_fd < 0)
    return wk_fail(why, WK_ERR_IO, "signalfd: %s", strerror(errno));
  const enum wk_err err = wk_link_new(&gateway.link, ingest->routes, client,
                                      arrived, &gateway, why);
  if (err == WK_OK) {
    loop(&gateway);
    wk_link_free(gateway.link);
    wk_log(WK_LOG_NOTICE, "stopped");
  }
  (void)close(gateway.signal_fd);
  return err;
}

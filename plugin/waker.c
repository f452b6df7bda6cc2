/* SPDX-License-Identifier: Apache-2.0 */
#include "waker.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <whitekey/log.h>
#include <whitekey/steady.h>

#include "office.h"
#include "sessions.h"

#define LOOK_MS 100
#define LOOK_MS_MAX 10000 /* while waking does not help */
#define HOLD_MS 50        /* a connection */
#define CONNECT_US 100000
#define LISTENERS_MAX 64u

struct listener {
  struct sockaddr_storage address;
  socklen_t len;
};

struct wk_waker {
  struct wk_server *server;
  struct listener listeners[LISTENERS_MAX];
  unsigned count;
  atomic_uint_fast64_t version; /* of the registry, last looked at */
  bool started;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool stopping; /* guarded by lock */
};

struct wk_waker *wk_waker_new(struct wk_server *server) {
  struct wk_waker *waker = calloc(1, sizeof *waker);
  if (!waker)
    return NULL;
  waker->server = server;
  (void)pthread_mutex_init(&waker->lock, NULL);
  wk_steady_cond(&waker->wake);
  return waker;
}

void wk_waker_free(struct wk_waker *waker) {
  if (!waker)
    return;
  if (waker->started) {
    (void)pthread_mutex_lock(&waker->lock);
    waker->stopping = true;
    (void)pthread_cond_signal(&waker->wake);
    (void)pthread_mutex_unlock(&waker->lock);
    (void)pthread_join(waker->thread, NULL);
  }
  (void)pthread_cond_destroy(&waker->wake);
  (void)pthread_mutex_destroy(&waker->lock);
  free(waker);
}

/* ---- the broker's listeners ----------------------------------------------
 */

static bool is_listener(int fd) {
  int listens = 0, type = 0;
  socklen_t len = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0)
    return false;
  len = sizeof type;
  return listens != 0 &&
         getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
         type == SOCK_STREAM;
}

static void add_listener(struct wk_waker *waker, int fd) {
  struct listener *made = &waker->listeners[waker->count];
  made->len = sizeof made->address;
  if (is_listener(fd) &&
      getsockname(fd, (struct sockaddr *)&made->address, &made->len) == 0)
    waker->count++;
}

/* The interface does not name them: they are this process's own sockets. */
static void find_listeners(struct wk_waker *waker) {
  DIR *fds = opendir("/proc/self/fd");
  const struct dirent *entry;
  if (!fds)
    return;
  while (waker->count < LISTENERS_MAX && (entry = readdir(fds))) {
    char *end;
    const long fd = strtol(entry->d_name, &end, 10);
    if (*end == '\0' && end != entry->d_name)
      add_listener(waker, (int)fd);
  }
  (void)closedir(fds);
}

/* On Linux a connection to "any address" is one to this machine. */
static int knock(const struct listener *listener) {
  const struct timeval patience = {.tv_usec = CONNECT_US};
  const int fd =
      socket(listener->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  (void)connect(fd, (const struct sockaddr *)&listener->address,
                listener->len);
  return fd;
}

/* ---- the thread ----------------------------------------------------------
 */

/* lock is held. */
static void pause_for(struct wk_waker *waker, long ms) {
  const struct timespec until = wk_steady_after(ms);
  while (!waker->stopping &&
         pthread_cond_timedwait(&waker->wake, &waker->lock, &until) == 0)
    continue;
}

/*
 * A connection that is gone before its TLS begins, and one that never speaks
 * WebSocket, end without an event: so they are held for a while and, where
 * that was not enough the last time, say a word. lock is held.
 */
static void wake(struct wk_waker *waker, bool speak) {
  static const char word[] = "GET / HTTP/1.1\r\nHost: localhost\r\n"
                             "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                             "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
  int fds[LISTENERS_MAX];
  const unsigned count = waker->count;
  for (unsigned i = 0; i < count; i++)
    fds[i] = knock(&waker->listeners[i]);
  pause_for(waker, HOLD_MS);
  for (unsigned i = 0; speak && i < count; i++)
    (void)send(fds[i], word, sizeof word - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (speak)
    pause_for(waker, HOLD_MS);
  for (unsigned i = 0; i < count; i++) {
    if (fds[i] >= 0)
      (void)close(fds[i]);
  }
}

static bool is_due(struct wk_waker *waker) {
  return wk_sessions_closing_waits() || wk_office_answer_waits() ||
         wk_server_moved_on(waker->server, atomic_load(&waker->version));
}

static void *watch(void *context) {
  struct wk_waker *waker = context;
  uint64_t woken_at = 0;
  long ms = LOOK_MS;
  (void)pthread_mutex_lock(&waker->lock);
  while (!waker->stopping) {
    pause_for(waker, ms);
    if (!is_due(waker)) {
      ms = LOOK_MS;
      continue;
    }
    /* Looked at another one since: waking helped, and this is news. */
    const uint64_t version = atomic_load(&waker->version);
    if (version != woken_at)
      ms = LOOK_MS;
    woken_at = version;
    wake(waker, ms > LOOK_MS);
    ms = ms * 2 < LOOK_MS_MAX ? ms * 2 : LOOK_MS_MAX;
  }
  (void)pthread_mutex_unlock(&waker->lock);
  return NULL;
}

void wk_waker_looked(struct wk_waker *waker, uint64_t version) {
  atomic_store(&waker->version, version);
}

void wk_waker_start(struct wk_waker *waker) {
  sigset_t all, before;
  if (waker->started)
    return;
  find_listeners(waker);
  /* The broker's signals are its own thread's. */
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  const int err = pthread_create(&waker->thread, NULL, watch, waker);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  waker->started = err == 0;
  if (err != 0)
    wk_log(WK_LOG_WARNING, "no thread that wakes the broker: %s",
           strerror(err));
}

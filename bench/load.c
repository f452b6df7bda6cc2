/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 128
#define CONNACK 0x20
#define WAIT_MAX_US 1000.0
/*
 * A stream that was held up for longer catches up by a tenth: what it would
 * make up for at once were a burst of its own, and not the broker's slowness.
 */
#define LATE_MAX_US 100.0
#define HASTE 1.1

struct connection {
  int fd; /* -1: free */
  struct load_stream *stream;
  size_t packet;
  bool sent;
  double since;
};

struct engine {
  int epoll;
  struct sockaddr_in broker;
  struct connection *connections;
  size_t count;
  size_t *idle; /* numbers of free connections */
  size_t idle_count;
};

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void finish(struct engine *engine, struct connection *c, int answer) {
  struct load_stream *stream = c->stream;
  if (answer < 0)
    stream->failed++;
  else if (answer == 0)
    stream->accepted++;
  else
    stream->refused++;
  stream->latencies[stream->answered++] = (float)(now_us() - c->since);
  stream->open--;
  (void)close(c->fd);
  c->fd = -1;
  engine->idle[engine->idle_count++] = (size_t)(c - engine->connections);
}

static bool start(struct engine *engine, struct load_stream *stream) {
  const struct linger reset = {1, 0};
  const int one = 1;
  const int fd =
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  struct connection *c =
      &engine->connections[engine->idle[--engine->idle_count]];
  *c = (struct connection){fd, stream, stream->sent++, false, now_us()};
  stream->open++;
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event wish = {.events = EPOLLOUT, .data = {.ptr = c}};
  if (epoll_ctl(engine->epoll, EPOLL_CTL_ADD, fd, &wish) != 0)
    return false;
  const int done = connect(fd, (const struct sockaddr *)&engine->broker,
                           sizeof engine->broker);
  if (done != 0 && errno != EINPROGRESS)
    finish(engine, c, -1);
  return true;
}

static void send_connect(struct engine *engine, struct connection *c) {
  const struct load_packets *packets = c->stream->packets;
  const uint8_t *data = packets->data + packets->at[c->packet];
  const size_t len = packets->at[c->packet + 1] - packets->at[c->packet];
  struct epoll_event wish = {.events = EPOLLIN, .data = {.ptr = c}};
  c->sent = true;
  if (send(c->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len ||
      epoll_ctl(engine->epoll, EPOLL_CTL_MOD, c->fd, &wish) != 0)
    finish(engine, c, -1);
}

static void read_answer(struct engine *engine, struct connection *c) {
  uint8_t answer[512];
  const ssize_t len = recv(c->fd, answer, sizeof answer, 0);
  if (len < 0 && errno == EAGAIN)
    return;
  finish(engine, c, len >= 4 && answer[0] == CONNACK ? answer[3] : -1);
}

static void serve(struct engine *engine, double wait_us) {
  struct epoll_event events[EVENTS];
  const struct timespec wait = {.tv_nsec = (long)(wait_us * 1e3)};
  const int ready = epoll_pwait2(engine->epoll, events, EVENTS, &wait, NULL);
  for (int i = 0; i < ready; i++) {
    struct connection *c = events[i].data.ptr;
    if (c->sent)
      read_answer(engine, c);
    else
      send_connect(engine, c);
  }
}

static bool has_more(const struct load_stream *stream) {
  return stream->sent < stream->packets->count &&
         stream->open < stream->concurrency;
}

/* When the next connection is due, in microseconds from now. */
static double until_due(const struct load_stream *stream, double elapsed_us) {
  const double due = stream->due - elapsed_us;
  if (stream->rate <= 0 || due > WAIT_MAX_US || !has_more(stream))
    return WAIT_MAX_US;
  return due > 0 ? due : 0;
}

static double latest(double a, double b) {
  return a > b ? a : b;
}

static void pace(struct load_stream *stream, double elapsed_us) {
  if (stream->rate <= 0)
    return;
  const double gap = 1e6 / stream->rate;
  const double from = latest(stream->due, elapsed_us - LATE_MAX_US);
  stream->due = latest((double)stream->sent * gap, from + gap / HASTE);
}

/* Starts what is due. False: that could not be. */
static bool feed(struct engine *engine, struct load_stream *stream,
                 double elapsed_us) {
  bool started = true;
  while (started && has_more(stream) && stream->due <= elapsed_us) {
    started = start(engine, stream);
    pace(stream, elapsed_us);
  }
  return started;
}

static bool run(struct engine *engine, struct load_stream *stream) {
  (void)prctl(PR_SET_TIMERSLACK, 1000); /* nanoseconds, of this thread */
  const double begin = now_us();
  while (stream->answered < stream->packets->count) {
    const double elapsed = now_us() - begin;
    stream->seconds = elapsed / 1e6;
    if (!feed(engine, stream, elapsed))
      return false;
    serve(engine, until_due(stream, now_us() - begin));
  }
  return true;
}

bool load_run(uint16_t port, struct load_stream *stream) {
  struct engine engine = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                          .count = stream->concurrency};
  engine.broker.sin_family = AF_INET;
  engine.broker.sin_port = htons(port);
  engine.broker.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  /* One more each: a stream may be empty, and no size is 0. */
  stream->latencies = calloc(stream->packets->count + 1, sizeof(float));
  engine.connections = calloc(engine.count + 1, sizeof *engine.connections);
  engine.idle = calloc(engine.count + 1, sizeof *engine.idle);
  bool done = engine.epoll >= 0 && stream->latencies && engine.connections &&
              engine.idle;
  if (done) {
    for (; engine.idle_count < engine.count; engine.idle_count++)
      engine.idle[engine.idle_count] = engine.idle_count;
    done = run(&engine, stream);
  }
  free(engine.connections);
  free(engine.idle);
  (void)close(engine.epoll);
  return done;
}

struct side {
  uint16_t port;
  struct load_stream *stream;
  bool done;
};

static void *run_side(void *context) {
  struct side *side = context;
  side->done = load_run(side->port, side->stream);
  return NULL;
}

bool load_run_beside(uint16_t port, struct load_stream *stream,
                     struct load_stream *beside) {
  struct side side = {port, beside, false};
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_side, &side) != 0)
    return false;
  const bool done = load_run(port, stream);
  (void)pthread_join(thread, NULL);
  return done && side.done;
}

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a;
  const float y = *(const float *)b;
  return (x > y) - (x < y);
}

double load_quantile(struct load_stream *stream, double q) {
  if (stream->answered == 0)
    return 0;
  qsort(stream->latencies, stream->answered, sizeof(float), by_value);
  return (double)
      stream->latencies[(size_t)(q * (double)(stream->answered - 1))];
}

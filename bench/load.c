/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 128
#define CONNACK 0x20

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

static void serve(struct engine *engine, int wait_ms) {
  struct epoll_event events[EVENTS];
  const int ready = epoll_wait(engine->epoll, events, EVENTS, wait_ms);
  for (int i = 0; i < ready; i++) {
    struct connection *c = events[i].data.ptr;
    if (c->sent)
      read_answer(engine, c);
    else
      send_connect(engine, c);
  }
}

/* Starts what is due; true while the stream has answers to come. */
static bool feed(struct engine *engine, struct load_stream *stream,
                 double elapsed_us, bool *full) {
  const size_t count = stream->packets->count;
  const double due =
      stream->rate > 0 ? elapsed_us * stream->rate / 1e6 : (double)count;
  while (!*full && stream->sent < count && (double)stream->sent < due &&
         stream->open < stream->concurrency)
    *full = !start(engine, stream);
  return stream->answered < count;
}

static bool run(struct engine *engine, struct load_stream *streams,
                size_t count) {
  const double begin = now_us();
  bool full = false;
  for (bool more = true; more && !full;) {
    more = false;
    for (size_t i = 0; i < count; i++) {
      const double elapsed = now_us() - begin;
      const bool before = streams[i].answered < streams[i].packets->count;
      if (before)
        streams[i].seconds = elapsed / 1e6;
      more = feed(engine, &streams[i], elapsed, &full) || more;
    }
    serve(engine, 1);
  }
  return !full;
}

bool load_run(uint16_t port, struct load_stream *streams, size_t count) {
  struct engine engine = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
  engine.broker.sin_family = AF_INET;
  engine.broker.sin_port = htons(port);
  engine.broker.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool done = engine.epoll >= 0;
  for (size_t i = 0; i < count; i++) {
    engine.count += streams[i].concurrency;
    /* One more each: streams may be empty, and no size is 0. */
    streams[i].latencies =
        calloc(streams[i].packets->count + 1, sizeof(float));
    done = done && streams[i].latencies;
  }
  engine.connections = calloc(engine.count + 1, sizeof *engine.connections);
  engine.idle = calloc(engine.count + 1, sizeof *engine.idle);
  if (done && engine.connections && engine.idle) {
    for (; engine.idle_count < engine.count; engine.idle_count++)
      engine.idle[engine.idle_count] = engine.idle_count;
    done = run(&engine, streams, count);
  }
  free(engine.connections);
  free(engine.idle);
  (void)close(engine.epoll);
  return done;
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

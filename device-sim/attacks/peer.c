/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stats.h"

#define ANSWER_MS 10000
#define CUT_MS 3000
#define COME_MS 5000
#define PACKET_ID 1u

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

static bool connect_from(int fd, const struct place *place) {
  const int one = 1;
  if (fd < 0)
    return false;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (place->source.sin_family != 0 &&
      bind(fd, (const struct sockaddr *)&place->source,
           sizeof place->source) != 0)
    return false;
  return connect(fd, (const struct sockaddr *)&place->address,
                 place->address_len) == 0;
}

/* Waits until the socket is ready for that. */
static bool ready(const struct peer *peer, short events, int ms) {
  struct pollfd poller = {.fd = peer->fd, .events = events};
  return poll(&poller, 1, ms) == 1;
}

/* The handshake; what it fails with stands in saw. */
static bool secure(struct peer *peer, const struct place *place) {
  struct wk_why why = {"TLS: no answer"};
  enum wk_tls_wants wants = WK_TLS_FAILED;
  (void)fcntl(peer->fd, F_SETFL, O_NONBLOCK);
  peer->tls = wk_tls_new(place->tls, peer->fd, place->host);
  if (!peer->tls) {
    (void)snprintf(peer->saw, sizeof peer->saw, "TLS: out of memory");
    return false;
  }
  do
    wants = wk_tls_handshake(peer->tls, &why);
  while ((wants == WK_TLS_READ && ready(peer, POLLIN, ANSWER_MS)) ||
         (wants == WK_TLS_WRITE && ready(peer, POLLOUT, ANSWER_MS)));
  (void)snprintf(peer->saw, sizeof peer->saw, "%.*s",
                 (int)sizeof peer->saw - 1, why.text);
  return wants == WK_TLS_DONE;
}

bool peer_open(struct peer *peer, const struct place *place) {
  peer_close(peer);
  *peer = (struct peer){.version = place->version};
  peer->fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect_from(peer->fd, place);
  if (!connected)
    (void)snprintf(peer->saw, sizeof peer->saw, "no connection: %s",
                   strerror(errno));
  if (connected && (!place->tls || secure(peer, place)))
    return true;
  peer_close(peer);
  return false;
}

bool peer_send(const struct peer *peer, const uint8_t *data, size_t len) {
  ssize_t sent;
  if (!peer->tls)
    return send(peer->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
  while ((sent = wk_tls_write(peer->tls, data, len)) < 0 && errno == EAGAIN &&
         ready(peer, POLLOUT, ANSWER_MS))
    continue;
  return sent == (ssize_t)len;
}

ssize_t peer_receive(struct peer *peer, uint8_t *data, size_t len) {
  return peer->tls ? wk_tls_read(peer->tls, data, len)
                   : recv(peer->fd, data, len, MSG_DONTWAIT);
}

/* The packet that was given last is done with. */
static void drop(struct peer *peer, size_t len) {
  peer->in_len -= len;
  memmove(peer->in, peer->in + len, peer->in_len);
}

/* False: the connection is lost, or nothing came in time. */
static bool receive(struct peer *peer) {
  ssize_t got;
  while ((got = peer_receive(peer, peer->in + peer->in_len,
                             PEER_MAX - peer->in_len)) < 0 &&
         errno == EAGAIN && ready(peer, POLLIN, ANSWER_MS))
    continue;
  peer->in_len += got > 0 ? (size_t)got : 0;
  return got > 0;
}

bool peer_next(struct peer *peer, struct wk_mqtt_frame *frame) {
  drop(peer, peer->given);
  peer->given = 0;
  for (;;) {
    const enum wk_mqtt_framed framed =
        wk_mqtt_frame(frame, peer->in, peer->in_len, PEER_MAX);
    if (framed == WK_MQTT_WHOLE) {
      peer->given = frame->len;
      return true;
    }
    if (framed != WK_MQTT_MORE || !receive(peer))
      return false;
  }
}

/* Waits for a packet of that type, past all others. */
static bool wait_for(struct peer *peer, struct wk_mqtt_frame *frame,
                     enum wk_mqtt_type type) {
  while (peer_next(peer, frame))
    if (frame->type == type)
      return true;
  return false;
}

enum answer peer_answer(struct peer *peer) {
  struct wk_mqtt_frame frame;
  if (!peer_next(peer, &frame) ||
      wk_mqtt_connack_parse(&peer->connack, peer->version, &frame) != WK_OK) {
    (void)snprintf(peer->saw, sizeof peer->saw, "no answer");
    return ANSWER_NONE;
  }
  if (peer->connack.code == 0) {
    (void)snprintf(peer->saw, sizeof peer->saw, "let in");
    return ANSWER_ACCEPTED;
  }
  (void)snprintf(peer->saw, sizeof peer->saw, "refused, CONNACK %u: %s",
                 peer->connack.code,
                 stats_code_name(peer->version, peer->connack.code));
  return ANSWER_REFUSED;
}

enum answer peer_login(struct peer *peer, const struct place *place,
                       const struct packet *connect) {
  if (!peer_open(peer, place))
    return ANSWER_NONE;
  (void)peer_send(peer, connect->bytes, connect->len);
  return peer_answer(peer);
}

int peer_publish(struct peer *peer, const char *topic, const char *payload) {
  const struct wk_mqtt_publish publish = {.qos = 1,
                                          .id = PACKET_ID,
                                          .topic = text_span(topic),
                                          .payload = text_span(payload)};
  struct packet packet;
  struct wk_writer w;
  struct wk_mqtt_frame frame;
  struct wk_mqtt_ack ack;
  wk_writer_init(&w, packet.bytes, sizeof packet.bytes);
  if (wk_mqtt_publish_write(&w, peer->version, &publish) != WK_OK ||
      !peer_send(peer, packet.bytes, w.used) ||
      !wait_for(peer, &frame, WK_MQTT_PUBACK) ||
      wk_mqtt_ack_parse(&ack, peer->version, &frame) != WK_OK)
    return -1;
  return ack.code;
}

int peer_subscribe(struct peer *peer, const char *filter) {
  const struct wk_mqtt_filter wanted = {text_span(filter), 1};
  struct packet packet;
  struct wk_writer w;
  struct wk_mqtt_frame frame;
  struct wk_mqtt_suback suback;
  uint8_t filters[256];
  wk_writer_init(&w, filters, sizeof filters);
  wk_mqtt_filter_write(&w, &wanted);
  const struct wk_mqtt_subscribe subscribe = {.id = PACKET_ID,
                                              .filters = {filters, w.used}};
  wk_writer_init(&w, packet.bytes, sizeof packet.bytes);
  if (wk_mqtt_subscribe_write(&w, peer->version, &subscribe) != WK_OK ||
      !peer_send(peer, packet.bytes, w.used) ||
      !wait_for(peer, &frame, WK_MQTT_SUBACK) ||
      wk_mqtt_suback_parse(&suback, peer->version, &frame) != WK_OK ||
      suback.codes.len != 1)
    return -1;
  return suback.codes.data[0];
}

bool peer_alive(struct peer *peer) {
  static const uint8_t pingreq[] = {0xc0, 0};
  struct wk_mqtt_frame frame;
  return peer_send(peer, pingreq, sizeof pingreq) &&
         wait_for(peer, &frame, WK_MQTT_PINGRESP);
}

bool peer_is_cut(struct peer *peer) {
  uint8_t rest[PEER_MAX];
  ssize_t got;
  while ((got = peer_receive(peer, rest, sizeof rest)) > 0 ||
         (got < 0 && errno == EAGAIN && ready(peer, POLLIN, CUT_MS)))
    continue;
  return got == 0 || errno != EAGAIN;
}

void peer_close(struct peer *peer) {
  wk_tls_free(peer->tls);
  peer->tls = NULL;
  if (peer->fd >= 0)
    (void)close(peer->fd);
  peer->fd = -1;
}

int peer_listen(struct place *place) {
  struct sockaddr_in own = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof own;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&own, len) != 0 ||
      listen(fd, 8) != 0 ||
      getsockname(fd, (struct sockaddr *)&own, &len) != 0) {
    if (fd >= 0)
      (void)close(fd);
    return -1;
  }
  memcpy(&place->address, &own, len);
  place->address_len = len;
  return fd;
}

int peer_come(int listener) {
  struct pollfd poller = {.fd = listener, .events = POLLIN};
  return poll(&poller, 1, COME_MS) == 1 ? accept(listener, NULL, NULL) : -1;
}

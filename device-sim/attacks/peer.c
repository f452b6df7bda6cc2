/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stats.h"

#define ANSWER_MS 10000
#define CUT_MS 3000
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

bool peer_open(struct peer *peer, const struct place *place) {
  peer_close(peer);
  *peer = (struct peer){.version = place->version};
  peer->fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect_from(peer->fd, place))
    return true;
  (void)snprintf(peer->saw, sizeof peer->saw, "no connection: %s",
                 strerror(errno));
  peer_close(peer);
  return false;
}

bool peer_send(const struct peer *peer, const uint8_t *data, size_t len) {
  return send(peer->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* The packet that was given last is done with. */
static void drop(struct peer *peer, size_t len) {
  peer->in_len -= len;
  memmove(peer->in, peer->in + len, peer->in_len);
}

static bool receive(struct peer *peer) {
  struct pollfd poller = {.fd = peer->fd, .events = POLLIN};
  if (poll(&poller, 1, ANSWER_MS) != 1)
    return false;
  const ssize_t got =
      recv(peer->fd, peer->in + peer->in_len, PEER_MAX - peer->in_len, 0);
  if (got <= 0)
    return false;
  peer->in_len += (size_t)got;
  return true;
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
  for (;;) {
    struct pollfd poller = {.fd = peer->fd, .events = POLLIN};
    if (poll(&poller, 1, CUT_MS) != 1)
      return false;
    if (recv(peer->fd, rest, sizeof rest, 0) <= 0)
      return true;
  }
}

void peer_close(struct peer *peer) {
  if (peer->fd >= 0)
    (void)close(peer->fd);
  peer->fd = -1;
}

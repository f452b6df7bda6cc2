/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define CUT_MS 3000

/* Waits for the next packet; gives its frame, within peer->in. */
static bool next_packet(struct peer *peer, struct wk_mqtt_frame *frame) {
  for (;;) {
    const enum wk_mqtt_framed framed =
        wk_mqtt_frame(frame, peer->in, peer->in_len, PACKET_MAX);
    if (framed != WK_MQTT_MORE)
      return framed == WK_MQTT_WHOLE;
    struct pollfd poller = {.fd = peer->fd, .events = POLLIN};
    if (poll(&poller, 1, ANSWER_MS) != 1)
      return false;
    const ssize_t got =
        recv(peer->fd, peer->in + peer->in_len, PACKET_MAX - peer->in_len, 0);
    if (got <= 0)
      return false;
    peer->in_len += (size_t)got;
  }
}

static void take_packet(struct peer *peer, const struct wk_mqtt_frame *frame) {
  peer->in_len -= frame->len;
  memmove(peer->in, peer->in + frame->len, peer->in_len);
}

static bool send_all(const struct peer *peer, const uint8_t *data,
                     size_t len) {
  return send(peer->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static enum answer read_answer(struct peer *peer) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_connack connack;
  if (!next_packet(peer, &frame) ||
      wk_mqtt_connack_parse(&connack, peer->version, &frame) != WK_OK) {
    (void)snprintf(peer->saw, sizeof peer->saw, "no answer");
    return ANSWER_NONE;
  }
  take_packet(peer, &frame);
  if (connack.code == 0) {
    (void)snprintf(peer->saw, sizeof peer->saw, "let in");
    return ANSWER_ACCEPTED;
  }
  (void)snprintf(peer->saw, sizeof peer->saw, "refused, CONNACK %u: %s",
                 connack.code, stats_code_name(peer->version, connack.code));
  return ANSWER_REFUSED;
}

enum wk_err peer_login(struct peer *peer, enum answer *answer,
                       const struct sim *sim, const uint8_t *connect_packet,
                       size_t len, struct wk_why *why) {
  *peer = (struct peer){.fd = -1, .version = sim->options->version};
  *answer = ANSWER_NONE;
  peer->fd = socket(sim->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer->fd < 0 || connect(peer->fd, (const struct sockaddr *)&sim->address,
                              sim->address_len) != 0)
    return wk_fail(why, WK_ERR_IO, "%s port %u: %s", sim->options->host,
                   sim->options->port, strerror(errno));
  if (send_all(peer, connect_packet, len))
    *answer = read_answer(peer);
  return WK_OK;
}

bool peer_alive(struct peer *peer) {
  static const uint8_t pingreq[] = {0xc0, 0};
  struct wk_mqtt_frame frame;
  if (!send_all(peer, pingreq, sizeof pingreq))
    return false;
  while (next_packet(peer, &frame)) {
    const bool answered = frame.type == WK_MQTT_PINGRESP;
    take_packet(peer, &frame);
    if (answered)
      return true;
  }
  return false;
}

bool peer_is_cut(struct peer *peer) {
  uint8_t rest[PACKET_MAX];
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

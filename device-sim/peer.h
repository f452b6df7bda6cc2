/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - one MQTT connection that waits for its answers: for attacks, where
 * every step is looked at by itself.
 */
#ifndef WK_SIM_PEER_H
#define WK_SIM_PEER_H

#include <whitekey/mqtt.h>
#include <whitekey/why.h>

#include "sim.h"

enum answer { ANSWER_NONE, ANSWER_REFUSED, ANSWER_ACCEPTED };

struct peer {
  int fd; /* -1: not connected */
  enum wk_mqtt_version version;
  size_t in_len;
  uint8_t in[PACKET_MAX];
  char saw[96]; /* the answer in words */
};

/*
 * Connects, sends the CONNECT and waits for the answer. WK_ERR_IO: nobody
 * listens there. peer_close() is due in every case.
 */
WK_MUST_CHECK enum wk_err peer_login(struct peer *peer, enum answer *answer,
                                     const struct sim *sim,
                                     const uint8_t *connect_packet, size_t len,
                                     struct wk_why *why);

/* True when the broker still answers a PINGREQ. */
bool peer_alive(struct peer *peer);

/* Waits a moment for the broker to close the connection. */
bool peer_is_cut(struct peer *peer);

void peer_close(struct peer *peer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - one MQTT connection that waits for its answers: for attacks, where
 * every step is looked at by itself. It ends with peer_close(), and may then
 * be used again; {.fd = -1} is a closed one.
 */
#ifndef WK_SIM_PEER_H
#define WK_SIM_PEER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <whitekey/mqtt.h>
#include <whitekey/tls.h>

#define PEER_MAX 1024u /* the longest packet either way */

/* A broker, and from where it is spoken to. */
struct place {
  struct sockaddr_storage address;
  socklen_t address_len;
  struct sockaddr_in source; /* family 0: the kernel chooses */
  enum wk_mqtt_version version;
  const struct wk_tls_context *tls; /* NULL: without TLS */
  const char *host; /* with TLS: whom its certificate must be for */
};

struct packet {
  size_t len;
  uint8_t bytes[PEER_MAX];
};

enum answer { ANSWER_NONE, ANSWER_REFUSED, ANSWER_ACCEPTED };

struct peer {
  int fd;             /* -1: not connected */
  struct wk_tls *tls; /* NULL: without */
  enum wk_mqtt_version version;
  size_t in_len;
  size_t given; /* of it: the packet that was given last */
  uint8_t in[PEER_MAX];
  struct wk_mqtt_connack connack; /* lives until the next packet is awaited */
  char saw[96];                   /* the answer in words */
};

/* False: nobody listens there, or he is not who he should be; saw tells. */
bool peer_open(struct peer *peer, const struct place *place);

/* Sends bytes, false when the connection is lost. */
bool peer_send(const struct peer *peer, const uint8_t *data, size_t len);

/* What has come, as read(2) on a non-blocking socket. */
ssize_t peer_receive(struct peer *peer, uint8_t *data, size_t len);

/* Waits for the next packet; its body lives until the next call. */
bool peer_next(struct peer *peer, struct wk_mqtt_frame *frame);

/* Waits for CONNACK. */
enum answer peer_answer(struct peer *peer);

/* Opens the connection, sends the CONNECT and waits for the answer. */
enum answer peer_login(struct peer *peer, const struct place *place,
                       const struct packet *connect);

/* QoS 1; gives the reason that PUBACK (SUBACK) holds, -1: none came. */
int peer_publish(struct peer *peer, const char *topic, const char *payload);
int peer_subscribe(struct peer *peer, const char *filter);

/* True when the broker still answers a PINGREQ. */
bool peer_alive(struct peer *peer);

/* Waits a moment for the broker to close the connection. */
bool peer_is_cut(struct peer *peer);

void peer_close(struct peer *peer);

/* A port of loopback for peers to come to: its socket, or -1. The rest of
 * place stays as it is. */
int peer_listen(struct place *place);
/* Waits for one that comes: its socket, or -1. */
int peer_come(int listener);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <whitekey/mqtt.h>

#define KEEP_ALIVE 600
#define PATIENCE_S 20

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

/* ---- opening ------------------------------------------------------------ */

static bool send_all(const struct echo *echo, const uint8_t *data,
                     size_t len) {
  return send(echo->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* The next packet, by itself in the stream, is of this type. */
static bool await(const struct echo *echo, enum wk_mqtt_type type) {
  struct wk_mqtt_frame frame;
  uint8_t data[64];
  const ssize_t got = recv(echo->fd, data, sizeof data, 0);
  if (got <= 0 ||
      wk_mqtt_frame(&frame, data, (size_t)got, sizeof data) != WK_MQTT_WHOLE)
    return false;
  return frame.type == type && (type != WK_MQTT_CONNACK || frame.body[1] == 0);
}

static bool log_in(struct echo *echo, const char *client_id, const char *name,
                   const char *password) {
  const struct wk_mqtt_connect connect = {.version = WK_MQTT_311,
                                          .clean = true,
                                          .keep_alive = KEEP_ALIVE,
                                          .client_id = text_span(client_id),
                                          .has_username = name != NULL,
                                          .username = text_span(name),
                                          .has_password = name != NULL,
                                          .password = text_span(password)};
  uint8_t packet[512];
  struct wk_writer w;
  wk_writer_init(&w, packet, sizeof packet);
  return wk_mqtt_connect_write(&w, &connect) == WK_OK &&
         send_all(echo, packet, w.used) && await(echo, WK_MQTT_CONNACK);
}

static bool subscribe(const struct echo *echo, const char *topic) {
  const struct wk_mqtt_filter filter = {text_span(topic), 0};
  uint8_t filters[64];
  uint8_t packet[128];
  struct wk_writer f;
  struct wk_writer w;
  wk_writer_init(&f, filters, sizeof filters);
  wk_mqtt_filter_write(&f, &filter);
  const struct wk_mqtt_subscribe ask = {.id = 1, .filters = {filters, f.used}};
  wk_writer_init(&w, packet, sizeof packet);
  return wk_mqtt_subscribe_write(&w, WK_MQTT_311, &ask) == WK_OK &&
         send_all(echo, packet, w.used) && await(echo, WK_MQTT_SUBACK);
}

static bool make_message(struct echo *echo, const char *topic) {
  static const uint8_t payload[ECHO_PAYLOAD] = "a reading";
  const struct wk_mqtt_publish publish = {.topic = text_span(topic),
                                          .payload = {payload, ECHO_PAYLOAD}};
  struct wk_writer w;
  wk_writer_init(&w, echo->message, sizeof echo->message);
  const bool made = wk_mqtt_publish_write(&w, WK_MQTT_311, &publish) == WK_OK;
  echo->message_len = w.used;
  return made;
}

bool echo_open(struct echo *echo, uint16_t port, const char *client_id,
               const char *name, const char *password) {
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(port),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const struct timeval patience = {.tv_sec = PATIENCE_S};
  const int one = 1;
  char topic[64];
  (void)snprintf(topic, sizeof topic, "echo/%s", client_id);
  *echo = (struct echo){.fd = socket(AF_INET, SOCK_STREAM, 0)};
  if (echo->fd >= 0 &&
      setsockopt(echo->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 &&
      setsockopt(echo->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                 sizeof patience) == 0 &&
      connect(echo->fd, (const struct sockaddr *)&address, sizeof address) ==
          0 &&
      log_in(echo, client_id, name, password) && subscribe(echo, topic) &&
      make_message(echo, topic))
    return true;
  (void)fprintf(stderr, "%s: no login at port %u\n", client_id, port);
  return false;
}

void echo_close(struct echo *echo) {
  if (echo->fd >= 0)
    (void)close(echo->fd);
  echo->fd = -1;
}

/* ---- measuring ---------------------------------------------------------- */

/* What comes back is what went out: whole messages by their length. */
static size_t take(struct echo *echo) {
  uint8_t data[65536];
  const ssize_t got = recv(echo->fd, data, sizeof data, 0);
  if (got <= 0)
    return 0;
  size_t have = (size_t)got + echo->message_len - echo->answer_left;
  if (echo->answer_left == 0)
    have = (size_t)got;
  echo->answer_left =
      (echo->message_len - have % echo->message_len) % echo->message_len;
  return have / echo->message_len;
}

double echo_rate(struct echo *echo, size_t count, size_t window) {
  size_t sent = 0;
  size_t received = 0;
  const double begin = now_us();
  while (received < count) {
    for (; sent < count && sent - received < window; sent++) {
      if (!send_all(echo, echo->message, echo->message_len))
        return 0;
    }
    const size_t before = received;
    received += take(echo);
    if (received == before && echo->answer_left == 0)
      return 0;
  }
  return (double)count * 1e6 / (now_us() - begin);
}

bool echo_latencies(struct echo *echo, double *us, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double begin = now_us();
    size_t came = 0;
    if (!send_all(echo, echo->message, echo->message_len))
      return false;
    while (came == 0) {
      came = take(echo);
      if (came == 0 && echo->answer_left == 0)
        return false;
    }
    us[i] = now_us() - begin;
  }
  return true;
}

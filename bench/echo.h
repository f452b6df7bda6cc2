/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo.h - one MQTT 3.1.1 client that publishes to itself with QoS 0, and how
 * long its messages take: up to the broker and down again.
 */
#ifndef WHITEKEY_BENCH_ECHO_H
#define WHITEKEY_BENCH_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_PAYLOAD 100u /* bytes a message */

struct echo {
  int fd;
  uint8_t message[256]; /* the PUBLISH as it goes out */
  size_t message_len;
  size_t answer_left; /* bytes of the message that is coming in */
};

/*
 * Connects to a port of 127.0.0.1, logs in (name NULL: without credentials)
 * and subscribes. False, and a line on standard error, when that fails;
 * echo_close() is due in every case.
 */
bool echo_open(struct echo *echo, uint16_t port, const char *client_id,
               const char *name, const char *password);
void echo_close(struct echo *echo);

/* Messages per second with `window` of them on their way; 0: failed. */
double echo_rate(struct echo *echo, size_t count, size_t window);

/* One after the other: each one's microseconds. */
bool echo_latencies(struct echo *echo, double *us, size_t count);

#endif

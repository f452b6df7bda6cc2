/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - opens MQTT connections as fast as a broker answers, or at a rate:
 * TCP connect, CONNECT, CONNACK, reset (no TIME_WAIT, so ports last).
 */
#ifndef WHITEKEY_BENCH_LOAD_H
#define WHITEKEY_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets back to back; the offsets count from data, count + 1 of them. */
struct load_packets {
  uint8_t *data;
  uint32_t *at;
  size_t count;
};

struct load_stream {
  /* The order. */
  const struct load_packets *packets;
  double rate;          /* connects a second; 0: as fast as they go */
  unsigned concurrency; /* connections open at once */
  /* The outcome. */
  size_t accepted, refused, failed;
  double seconds;   /* from the first connect to the last answer */
  float *latencies; /* microseconds, count of them; the caller's to free */
  size_t answered;
  /* The engine's own. */
  size_t sent, open;
  double due; /* when the next is, in microseconds from the beginning */
};

/*
 * Runs the stream against 127.0.0.1:port until it has had its answers. False:
 * out of memory or descriptors.
 */
bool load_run(uint16_t port, struct load_stream *stream);

/*
 * The same, with a second stream beside it on a thread of its own: neither is
 * late because the other's answers come first.
 */
bool load_run_beside(uint16_t port, struct load_stream *stream,
                     struct load_stream *beside);

/* The q-quantile of a stream's latencies, in microseconds; sorts them. */
double load_quantile(struct load_stream *stream, double q);

#endif

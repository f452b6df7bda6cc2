/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt_samples.h - packets for the tests of the MQTT codec, written down from
 * the standards: the first byte, and the body as hex with 'text' in quotes.
 */
#ifndef WHITEKEY_CORE_MQTT_SAMPLES_H
#define WHITEKEY_CORE_MQTT_SAMPLES_H

#include <whitekey/mqtt.h>

#define SAMPLE_MAX 512u

struct sample {
  const char *name;
  enum wk_mqtt_version version;
  uint8_t first;
  const char *body;
};

extern const struct sample valid_samples[];
extern const size_t valid_count;
extern const struct sample malformed_samples[];
extern const size_t malformed_count;

/* Writes the sample's packet; returns its length. */
size_t sample_packet(uint8_t out[SAMPLE_MAX], const struct sample *sample);

/* A packet of that first byte around body[len]; returns its length. */
size_t sample_wrap(uint8_t out[SAMPLE_MAX], uint8_t first, const uint8_t *body,
                   size_t len);

#endif

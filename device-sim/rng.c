/* SPDX-License-Identifier: Apache-2.0 */
#include "rng.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/port.h>

#define LABEL "whitekey-sim/1/"

static uint64_t splitmix64(uint64_t *state) {
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = *state;
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed, uint32_t device,
              enum rng_stream stream) {
  /* Neighbouring devices and streams start far apart: mixed, then used. */
  uint64_t state = seed;
  state = splitmix64(&state) ^ device;
  state = splitmix64(&state) ^ (uint64_t)stream;
  for (size_t i = 0; i < 4; i++)
    rng->s[i] = splitmix64(&state);
}

static uint64_t rotate(uint64_t x, unsigned by) {
  return x << by | x >> (64 - by);
}

uint64_t rng_next(struct rng *rng) {
  uint64_t *s = rng->s;
  const uint64_t result = rotate(s[1] * 5, 7) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

int32_t rng_range(struct rng *rng, int32_t min, int32_t max) {
  const uint64_t span = (uint64_t)((int64_t)max - min + 1);
  /* The high half times the span: even to one part in 2^32 / span. */
  return (int32_t)(min + (int64_t)((rng_next(rng) >> 32) * span >> 32));
}

double rng_below(struct rng *rng, double below) {
  /* 53 bits: what a double holds. */
  return (double)(rng_next(rng) >> 11) * 0x1p-53 * below;
}

void rng_secret(uint8_t out[32], uint64_t seed, const char *label,
                const char *name, uint32_t generation) {
  uint8_t be_seed[8];
  uint8_t be_generation[4];
  wk_put_be32(be_seed, (uint32_t)(seed >> 32));
  wk_put_be32(be_seed + 4, (uint32_t)seed);
  wk_put_be32(be_generation, generation);
  const struct wk_span parts[] = {
      {(const uint8_t *)LABEL, sizeof LABEL - 1},
      {(const uint8_t *)label, strlen(label) + 1},
      {be_seed, sizeof be_seed},
      {(const uint8_t *)name, strlen(name) + 1},
      {be_generation, sizeof be_generation},
  };
  wk_port_sha256(out, parts, sizeof parts / sizeof *parts);
}

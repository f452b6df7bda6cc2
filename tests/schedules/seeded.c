/* SPDX-License-Identifier: Apache-2.0 */
#include "seeded.h"

#include <string.h>

#include <whitekey/random.h>

static uint64_t stream;

/* SplitMix64. */
uint64_t seeded_next(uint64_t *state) {
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = *state;
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

uint32_t seeded_below(uint64_t *state, uint32_t below) {
  return (uint32_t)((seeded_next(state) >> 32) * below >> 32);
}

void seeded_random(uint64_t seed) {
  stream = seed;
}

void wk_random(void *out, size_t len) {
  uint8_t *at = out;
  while (len > 0) {
    const uint64_t word = seeded_next(&stream);
    const size_t part = len < sizeof word ? len : sizeof word;
    memcpy(at, &word, part);
    at += part;
    len -= part;
  }
}

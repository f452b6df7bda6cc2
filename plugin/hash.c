/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"

#include <string.h>

/* A product's low bits know nothing of a factor's high ones: those are folded
 * down, and it takes two rounds until they are everywhere. */
static uint64_t mix(uint64_t h) {
  h *= UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

uint64_t wk_hash(uint64_t seed, const void *data, size_t len) {
  const uint8_t *bytes = data;
  uint64_t h = seed ^ len;
  for (size_t at = 0; at < len; at += sizeof h) {
    uint64_t word = 0;
    memcpy(&word, bytes + at, len - at < sizeof word ? len - at : sizeof word);
    h = mix(h ^ word);
  }
  return mix(h);
}

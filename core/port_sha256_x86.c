/* SPDX-License-Identifier: Apache-2.0 */
/* FIPS 180-4, section 6.2; the instructions do two rounds each. */
#include "port_sha256_x86.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <string.h>

#include <whitekey/bytes.h>

#define BLOCK 64u
#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool wk_sha256_x86_present(void) {
  static _Atomic signed char known; /* 1, or -1; asking takes microseconds */
  unsigned a = 0, b = 0, c = 0, d = 0, b7 = 0;
  if (atomic_load_explicit(&known, memory_order_relaxed) == 0) {
    const bool has = __get_cpuid(1, &a, &b, &c, &d) != 0 &&
                     (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0 &&
                     __get_cpuid_count(7, 0, &a, &b7, &c, &d) != 0 &&
                     (b7 & bit_SHA) != 0;
    atomic_store_explicit(&known, has ? 1 : -1, memory_order_relaxed);
  }
  return atomic_load_explicit(&known, memory_order_relaxed) == 1;
}

WITH_SHA static __m128i load(const void *from) {
  return _mm_loadu_si128((const __m128i *)from);
}

/* Four words of the message, which is big-endian. */
WITH_SHA static __m128i words(const uint8_t *from) {
  const __m128i swap =
      _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  return _mm_shuffle_epi8(load(from), swap);
}

/* The state as the instructions want it: a, b, e, f and c, d, g, h. */
struct state {
  __m128i abef, cdgh;
};

WITH_SHA static void add_block(struct state *state, const uint8_t *block) {
  const struct state before = *state;
  __m128i w0 = words(block);
  __m128i w1 = words(block + 16);
  __m128i w2 = words(block + 32);
  __m128i w3 = words(block + 48);
  for (size_t t = 0; t < 64; t += 4) {
    const __m128i wk = _mm_add_epi32(w0, load(k + t));
    state->cdgh = _mm_sha256rnds2_epu32(state->cdgh, state->abef, wk);
    state->abef = _mm_sha256rnds2_epu32(state->abef, state->cdgh,
                                        _mm_shuffle_epi32(wk, 0x0e));
    const __m128i next =
        _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1),
                                           _mm_alignr_epi8(w3, w2, 4)),
                             w3);
    w0 = w1;
    w1 = w2;
    w2 = w3;
    w3 = next;
  }
  state->abef = _mm_add_epi32(state->abef, before.abef);
  state->cdgh = _mm_add_epi32(state->cdgh, before.cdgh);
}

WITH_SHA static void write_state(uint8_t out[WK_HASH_LEN],
                                 const struct state *state) {
  uint32_t w[8]; /* f, e, b, a, h, g, d, c */
  static const uint8_t order[8] = {3, 2, 7, 6, 1, 0, 5, 4};
  _mm_storeu_si128((__m128i *)(void *)w, state->abef);
  _mm_storeu_si128((__m128i *)(void *)(w + 4), state->cdgh);
  for (size_t i = 0; i < 8; i++)
    wk_put_be32(out + 4 * i, w[order[i]]);
  wk_wipe(w, sizeof w);
}

WITH_SHA void wk_sha256_x86(uint8_t out[WK_HASH_LEN],
                            const struct wk_span *parts, size_t count) {
  uint8_t block[BLOCK];
  size_t fill = 0;
  uint64_t bits = 0;
  struct state state = {
      _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
      _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
  for (size_t i = 0; i < count; i++) {
    bits += (uint64_t)parts[i].len * 8;
    for (size_t at = 0; at < parts[i].len;) {
      const size_t left = parts[i].len - at;
      const size_t part = left < BLOCK - fill ? left : BLOCK - fill;
      memcpy(block + fill, parts[i].data + at, part);
      at += part;
      fill = (fill + part) % BLOCK;
      if (fill == 0)
        add_block(&state, block);
    }
  }
  block[fill++] = 0x80;
  if (fill > BLOCK - 8) {
    memset(block + fill, 0, BLOCK - fill);
    add_block(&state, block);
    fill = 0;
  }
  memset(block + fill, 0, BLOCK - 8 - fill);
  wk_put_be32(block + BLOCK - 8, (uint32_t)(bits >> 32));
  wk_put_be32(block + BLOCK - 4, (uint32_t)bits);
  add_block(&state, block);
  write_state(out, &state);
  wk_wipe(block, sizeof block);
  wk_wipe(&state, sizeof state);
}

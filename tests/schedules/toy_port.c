/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Primitives of a schedule: as good as none against an attacker, but without
 * collisions by accident, and twenty times as fast as the real ones. What is
 * tested here is the order of things; core tests the cryptography.
 */
#include <string.h>

#include <whitekey/port.h>

__extension__ typedef unsigned __int128 wide;

#define K0 UINT64_C(0xa0761d6478bd642f)
#define K1 UINT64_C(0xe7037ed1a0b428db)
#define K2 UINT64_C(0x8ebc6af09c88c6e3)
#define K3 UINT64_C(0x589965cc75374cc3)

#define GATHER_MAX 512u /* no message and no block of a MAC is longer */

struct toy {
  uint64_t a, b;
};

static uint64_t fold(uint64_t x, uint64_t y) {
  const wide product = (wide)x * y;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Blocks do not wait for each other: each is mixed with its own number. */
static void take(struct toy *toy, const uint8_t *data, uint64_t number) {
  uint64_t word[2];
  memcpy(word, data, sizeof word);
  toy->a ^= fold(word[0] ^ (K0 + number * K3), word[1] ^ K1);
  toy->b += fold(word[1] ^ (K2 + number * K1), word[0] ^ K3);
}

static void take_all(struct toy *toy, const uint8_t *data, size_t len) {
  uint8_t tail[16] = {0};
  uint64_t number = 0;
  for (; len >= 16; data += 16, len -= 16)
    take(toy, data, number++);
  memcpy(tail, data, len);
  take(toy, tail, number);
}

static void give(uint8_t out[WK_HASH_LEN], const struct toy *toy) {
  const uint64_t words[4] = {
      fold(toy->a ^ K1, toy->b ^ K0), fold(toy->b ^ K3, toy->a ^ K2),
      fold(toy->a ^ K2, toy->b ^ K1), fold(toy->b ^ K0, toy->a ^ K3)};
  memcpy(out, words, sizeof words);
}

void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count) {
  uint8_t whole[GATHER_MAX];
  const uint8_t *data = whole;
  size_t len = 0;
  if (count == 1) {
    data = parts[0].data;
    len = parts[0].len;
  } else {
    for (size_t i = 0; i < count; i++) {
      if (parts[i].len == 0 || parts[i].len > GATHER_MAX - len)
        continue;
      memcpy(whole + len, parts[i].data, parts[i].len);
      len += parts[i].len;
    }
  }
  struct toy toy = {len, K0};
  take_all(&toy, data, len);
  give(out, &toy);
}

void wk_port_aes_init(struct wk_port_aes *aes,
                      const uint8_t key[WK_AES_KEY_LEN]) {
  memset(aes, 0, sizeof *aes);
  memcpy(aes->opaque, key, WK_AES_KEY_LEN);
}

void wk_port_aes_encrypt(const struct wk_port_aes *aes,
                         uint8_t out[WK_AES_BLOCK_LEN],
                         const uint8_t in[WK_AES_BLOCK_LEN]) {
  uint8_t block[WK_HASH_LEN];
  struct toy toy = {K2, K3};
  take(&toy, aes->opaque, 0);
  take(&toy, in, 1);
  give(block, &toy);
  memcpy(out, block, WK_AES_BLOCK_LEN);
}

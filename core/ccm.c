/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/ccm.h>

#include <stdbool.h>
#include <string.h>

#include <whitekey/bytes.h>

#define BLOCK WK_AES_BLOCK_LEN

/* CBC-MAC over B_0, the length-prefixed AAD and the body (SP 800-38C, A.2). */
struct mac {
  const struct wk_port_aes *aes;
  uint8_t state[BLOCK];
  uint8_t fill; /* bytes of the current block taken in, 0..15 */
};

static void mac_update(struct mac *mac, const uint8_t *data, size_t len) {
  while (len > 0) {
    const size_t left = BLOCK - mac->fill;
    const size_t part = len < left ? len : left;
    for (size_t i = 0; i < part; i++)
      mac->state[mac->fill + i] =
          (uint8_t)(mac->state[mac->fill + i] ^ data[i]);
    mac->fill = (uint8_t)((mac->fill + part) % BLOCK);
    if (mac->fill == 0)
      wk_port_aes_encrypt(mac->aes, mac->state, mac->state);
    data += part;
    len -= part;
  }
}

/* Zero-pads to a whole block. */
static void mac_pad(struct mac *mac) {
  if (mac->fill != 0)
    wk_port_aes_encrypt(mac->aes, mac->state, mac->state);
  mac->fill = 0;
}

/* B_0 and A_i share a layout: flags, nonce, 16-bit length or counter. */
static void block_init(uint8_t block[BLOCK], uint8_t flags,
                       const uint8_t nonce[WK_CCM_NONCE_LEN], size_t value) {
  block[0] = flags;
  memcpy(block + 1, nonce, WK_CCM_NONCE_LEN);
  block[14] = (uint8_t)(value >> 8);
  block[15] = (uint8_t)value;
}

static void mac_body(uint8_t tag[BLOCK], const struct wk_port_aes *aes,
                     const uint8_t nonce[WK_CCM_NONCE_LEN], const uint8_t *aad,
                     size_t aad_len, const uint8_t *body, size_t len) {
  /* flags: Adata, (tag length - 2) / 2 = 7, L - 1 = 1 */
  const uint8_t flags = (uint8_t)((aad_len > 0 ? 0x40 : 0) | 7u << 3 | 1u);
  struct mac mac = {.aes = aes};
  uint8_t first[BLOCK];
  block_init(first, flags, nonce, len);
  mac_update(&mac, first, sizeof first);
  if (aad_len > 0) {
    const uint8_t prefix[2] = {(uint8_t)(aad_len >> 8), (uint8_t)aad_len};
    mac_update(&mac, prefix, sizeof prefix);
    mac_update(&mac, aad, aad_len);
    mac_pad(&mac);
  }
  mac_update(&mac, body, len);
  mac_pad(&mac);
  memcpy(tag, mac.state, BLOCK);
  wk_wipe(&mac, sizeof mac);
}

/* XORs keystream block number `counter` onto at most one block of data. */
static void ctr_block(uint8_t *out, const struct wk_port_aes *aes,
                      const uint8_t nonce[WK_CCM_NONCE_LEN], size_t counter,
                      const uint8_t *in, size_t len) {
  uint8_t stream[BLOCK];
  block_init(stream, 1, nonce, counter);
  wk_port_aes_encrypt(aes, stream, stream);
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(in[i] ^ stream[i]);
  wk_wipe(stream, sizeof stream);
}

static void ctr(uint8_t *out, const struct wk_port_aes *aes,
                const uint8_t nonce[WK_CCM_NONCE_LEN], const uint8_t *in,
                size_t len) {
  size_t counter = 1;
  for (size_t at = 0; at < len; at += BLOCK) {
    const size_t part = len - at < BLOCK ? len - at : BLOCK;
    ctr_block(out + at, aes, nonce, counter++, in + at, part);
  }
}

enum wk_err wk_ccm_seal(uint8_t *out, const uint8_t key[WK_AES_KEY_LEN],
                        const uint8_t nonce[WK_CCM_NONCE_LEN],
                        const uint8_t *aad, size_t aad_len,
                        const uint8_t *body, size_t len) {
  if (aad_len > WK_CCM_AAD_MAX || len > WK_CCM_BODY_MAX)
    return WK_ERR_ARGUMENT;
  struct wk_port_aes aes;
  uint8_t tag[BLOCK];
  wk_port_aes_init(&aes, key);
  mac_body(tag, &aes, nonce, aad, aad_len, body, len);
  ctr(out, &aes, nonce, body, len);
  ctr_block(out + len, &aes, nonce, 0, tag, sizeof tag);
  wk_wipe(&aes, sizeof aes);
  wk_wipe(tag, sizeof tag);
  return WK_OK;
}

/* CTR is its own inverse; tags are compared as they are sealed. */
static enum wk_err open_tagged(uint8_t *out, const uint8_t key[WK_AES_KEY_LEN],
                               const uint8_t nonce[WK_CCM_NONCE_LEN],
                               const struct wk_span *aad,
                               const uint8_t *sealed, size_t len,
                               const struct wk_span *tag) {
  struct wk_port_aes aes;
  uint8_t want[BLOCK];
  wk_port_aes_init(&aes, key);
  ctr(out, &aes, nonce, sealed, len);
  mac_body(want, &aes, nonce, aad->data, aad->len, out, len);
  ctr_block(want, &aes, nonce, 0, want, sizeof want);
  const bool match = wk_equal(want, tag->data, tag->len);
  wk_wipe(&aes, sizeof aes);
  wk_wipe(want, sizeof want);
  if (match)
    return WK_OK;
  wk_wipe(out, len);
  return WK_ERR_FORGED;
}

enum wk_err wk_ccm_open(uint8_t *out, const uint8_t key[WK_AES_KEY_LEN],
                        const uint8_t nonce[WK_CCM_NONCE_LEN],
                        const uint8_t *aad, size_t aad_len,
                        const uint8_t *sealed, size_t len) {
  if (aad_len > WK_CCM_AAD_MAX || len > WK_CCM_BODY_MAX) {
    wk_wipe(out, len);
    return WK_ERR_ARGUMENT;
  }
  const struct wk_span with = {aad, aad_len};
  const struct wk_span tag = {sealed + len, WK_CCM_TAG_LEN};
  return open_tagged(out, key, nonce, &with, sealed, len, &tag);
}

enum wk_err wk_ccm_open_cut(uint8_t *data, size_t len,
                            const uint8_t key[WK_AES_KEY_LEN],
                            const uint8_t nonce[WK_CCM_NONCE_LEN],
                            const struct wk_span *tag) {
  const struct wk_span without = {NULL, 0};
  if (len > WK_CCM_BODY_MAX || tag->len < WK_CCM_CUT_MIN ||
      tag->len > WK_CCM_TAG_LEN) {
    wk_wipe(data, len);
    return WK_ERR_ARGUMENT;
  }
  return open_tagged(data, key, nonce, &without, data, len, tag);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "craft.h"

#include <assert.h>
#include <string.h>

#include <whitekey/random.h>

static void must(enum wk_err err) {
  assert(err == WK_OK); /* types and indices are ours */
  (void)err;
}

void craft_login_at(uint8_t x1[WK_X1_LEN], const struct wk_credential *keys,
                    uint32_t epoch, uint32_t index, uint32_t time,
                    const uint8_t x[WK_VALUE_LEN]) {
  struct wk_header header = {.type = WK_X1, .epoch = epoch, .index = index};
  struct wk_login body = {.time = time};
  uint8_t kx[WK_KX_LEN];
  const struct wk_seal seal = {&keys->id, kx, NULL};
  wk_random(header.nonce, sizeof header.nonce);
  memcpy(body.x, x, WK_VALUE_LEN);
  wk_key_message(kx, keys->ks, &keys->id, epoch, keys->bio_id);
  must(wk_login_seal(x1, &header, &body, &seal));
  wk_wipe(kx, sizeof kx);
  wk_wipe(&body, sizeof body);
}

void craft_login(uint8_t x1[WK_X1_LEN], const struct wk_credential *keys,
                 uint32_t index, uint32_t time,
                 const uint8_t x[WK_VALUE_LEN]) {
  craft_login_at(x1, keys, 0, index, time, x);
}

bool craft_open(struct wk_header *header, struct wk_login *body,
                const struct wk_credential *keys,
                const uint8_t x1[WK_X1_LEN]) {
  uint8_t kx[WK_KX_LEN];
  const struct wk_seal seal = {&keys->id, kx, NULL};
  if (wk_header_parse(header, WK_X1, x1, WK_X1_LEN) != WK_OK)
    return false;
  wk_key_message(kx, keys->ks, &keys->id, header->epoch, keys->bio_id);
  const enum wk_err err = wk_login_open(body, header, x1, &seal);
  wk_wipe(kx, sizeof kx);
  return err == WK_OK;
}

void craft_update(char text[CRAFT_X3_TEXT], const struct wk_credential *keys,
                  uint32_t index, const struct wk_credential_chain *next,
                  const uint8_t *password) {
  struct wk_header header = {.type = WK_X3, .index = index};
  struct wk_update body = {
      .role = WK_ROLE_C, .epoch = next->epoch, .n = next->n};
  uint8_t x3[WK_X3_LEN];
  uint8_t kx[WK_KX_LEN];
  const struct wk_seal seal = {&keys->id, kx, NULL};
  wk_random(header.nonce, sizeof header.nonce);
  wk_credential_anchor(body.anchor, &keys->id, WK_ROLE_C, next);
  if (password)
    wk_update_vouch(body.vouch, password, &keys->id, &body);
  else
    wk_random(body.vouch, sizeof body.vouch);
  wk_key_message(kx, keys->ks, &keys->id, 0, keys->bio_id);
  must(wk_update_seal(x3, &header, &body, &seal));
  wk_b64_write(text, x3, sizeof x3);
  wk_wipe(kx, sizeof kx);
}

void craft_reply(uint8_t x4[WK_X4_LEN], const struct wk_credential *keys,
                 const uint8_t x1[WK_X1_LEN], uint32_t index) {
  struct wk_header header;
  struct wk_reply body = {
      .status = WK_STATUS_ACCEPTED, .role = WK_ROLE_C, .index = index};
  uint8_t kx[WK_KX_LEN];
  const struct wk_seal seal = {&keys->id, kx, NULL};
  must(wk_header_parse(&header, WK_X1, x1, WK_X1_LEN));
  header.type = WK_X4;
  wk_random(header.nonce, sizeof header.nonce);
  wk_msg_digest(body.digest, x1, WK_X1_LEN);
  wk_key_message(kx, keys->ks, &keys->id, header.epoch, keys->bio_id);
  must(wk_reply_seal(x4, &header, &body, &seal));
  wk_wipe(kx, sizeof kx);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <string.h>

bool wk_asked_waits(const struct wk_asked *a) {
  return a->index != 0 && (!a->answered || a->x3_sent);
}

static bool opens(struct wk_reply *reply, const struct wk_asked *a,
                  const struct wk_seal *seal, const uint8_t *digest,
                  const uint8_t x4[WK_X4_LEN]) {
  struct wk_header header;
  return wk_header_parse(&header, WK_X4, x4, WK_X4_LEN) == WK_OK &&
         header.epoch == a->epoch && header.index == a->index &&
         wk_reply_open(reply, &header, x4, seal) == WK_OK &&
         wk_equal(reply->digest, digest, WK_DIGEST_LEN);
}

/* A login that was refused gets no X4. */
static bool answers_login(struct wk_reply *reply, const struct wk_asked *a,
                          const struct wk_seal *seal,
                          const uint8_t x4[WK_X4_LEN]) {
  uint8_t digest[WK_DIGEST_LEN];
  if (a->answered)
    return false;
  wk_msg_digest(digest, a->x1, WK_X1_LEN);
  return opens(reply, a, seal, digest, x4) &&
         reply->status != WK_STATUS_REFUSED;
}

static bool answers_x3(struct wk_reply *reply, const struct wk_asked *a,
                       const struct wk_seal *seal,
                       const uint8_t x4[WK_X4_LEN]) {
  return a->x3_sent && opens(reply, a, seal, a->x3_digest, x4) &&
         reply->role == WK_ROLE_C &&
         (reply->status == WK_STATUS_PENDING ||
          reply->status == WK_STATUS_REFUSED);
}

enum wk_answer wk_asked_open(struct wk_reply *reply, const struct wk_asked *a,
                             const struct wk_id *id,
                             const uint8_t kx[WK_KX_LEN],
                             const uint8_t x4[WK_X4_LEN]) {
  struct wk_seal seal = {id, kx, a->challenged ? a->challenge : NULL};
  if (a->index != 0 && answers_login(reply, a, &seal, x4))
    return WK_ANSWER_LOGIN;
  seal.challenge = NULL; /* section 3: X3 and its X4 never carry one */
  if (a->index != 0 && answers_x3(reply, a, &seal, x4))
    return WK_ANSWER_X3;
  wk_wipe(reply, sizeof *reply);
  return WK_ANSWER_NONE;
}

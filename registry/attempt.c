/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came from the network, cut to size. Nothing here decides: a part that
 * is no message has length 0, and the decision names the reason.
 */
#include <whitekey/registry.h>

#include <string.h>

static void set_did(struct wk_attempt *attempt, const char *did, size_t len) {
  static const uint8_t no_realm[WK_REALM_LEN];
  struct wk_id id;
  if (wk_id_init(&id, no_realm, did, len) == WK_OK)
    memcpy(attempt->did, id.did, sizeof attempt->did);
}

void wk_attempt_password(struct wk_attempt *attempt, const char *username,
                         const char *password) {
  memset(attempt, 0, sizeof *attempt);
  if (username)
    set_did(attempt, username, strlen(username));
  if (password)
    wk_password_parse(attempt->x1, &attempt->x1_len, attempt->x2,
                      &attempt->x2_len, &attempt->has_x2, password,
                      strlen(password));
}

/* X1 [|| X2], and nothing after it. */
static bool read_messages(struct wk_attempt *attempt, struct wk_reader *r) {
  wk_read_bytes(r, attempt->x1, WK_X1_LEN);
  attempt->has_x2 = r->left > 0;
  if (attempt->has_x2)
    wk_read_bytes(r, attempt->x2, WK_X2_LEN);
  return r->ok && r->left == 0;
}

static void set_lengths(struct wk_attempt *attempt) {
  attempt->x1_len = WK_X1_LEN;
  attempt->x2_len = attempt->has_x2 ? WK_X2_LEN : 0;
}

void wk_attempt_binary(struct wk_attempt *attempt, const char *username,
                       const uint8_t *data, size_t len) {
  struct wk_reader r;
  memset(attempt, 0, sizeof *attempt);
  wk_reader_init(&r, data, len);
  const size_t did_len = wk_read_u8(&r);
  const uint8_t *did = wk_read_view(&r, did_len);
  if (did)
    set_did(attempt, (const char *)did, did_len);
  const bool same_name = !username || strcmp(username, attempt->did) == 0;
  if (read_messages(attempt, &r) && same_name)
    set_lengths(attempt);
}

void wk_attempt_answer(struct wk_attempt *attempt, const char *did,
                       const uint8_t *data, size_t len) {
  struct wk_reader r;
  memset(attempt, 0, sizeof *attempt);
  set_did(attempt, did, strlen(did));
  wk_reader_init(&r, data, len);
  if (read_messages(attempt, &r))
    set_lengths(attempt);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "outgoing.h"

#include <string.h>

#define TO_BROKER_MAX (2 * LOGIN_CONNECT_MAX)

enum wk_err outgoing_full(struct login *login) {
  return wk_fail(&login->why, WK_ERR_MEMORY, "a packet does not fit");
}

enum wk_err outgoing_begin(struct login *login, struct wk_writer *w,
                           size_t len) {
  uint8_t *room = buffer_room(&login->to_broker, len, TO_BROKER_MAX);
  if (!room)
    return outgoing_full(login);
  wk_writer_init(w, room, len);
  return WK_OK;
}

enum wk_err outgoing_end(struct login *login, const struct wk_writer *w,
                         enum wk_err err) {
  if (err != WK_OK || !w->ok)
    return outgoing_full(login);
  login->to_broker.len += w->used;
  return WK_OK;
}

struct wk_span outgoing_text(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

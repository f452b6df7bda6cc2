/* SPDX-License-Identifier: Apache-2.0 */
#include "update.h"

#include "turn.h"

#define LEFT_MIN (2 * WK_SKIP_MAX + 2)
#define LEFT_SHORT (3 * WK_SKIP_MAX)
/* An update writes to the slots as much as some 300 passwords do: a host that
 * asks for one in each session shall not wear them out. */
#define GONE_MIN 64u

static uint32_t left(const struct wk_store *s) {
  return s->n + 1 - wk_store_next(s, WK_OLD);
}

enum wk_update_state wk_update_state(const struct wk_store *s) {
  if (!s->line[WK_NEW].present)
    return s->wants_next ? WK_UPDATE_PREPARING : WK_UPDATE_NONE;
  if (wk_turn_is_open())
    return WK_UPDATE_OPEN;
  return wk_store_is_ready(s, WK_NEW) ? WK_UPDATE_PREPARED
                                      : WK_UPDATE_PREPARING;
}

bool wk_update_is_due(const struct wk_store *s, enum wk_update_when when) {
  const uint32_t quarter = s->n / 4;
  const uint32_t few = quarter > LEFT_SHORT ? quarter : LEFT_SHORT;
  const bool wanted = when == WK_UPDATE_NOW
                          ? wk_store_next(s, WK_OLD) > GONE_MIN
                          : left(s) < few;
  return wanted && left(s) >= LEFT_MIN &&
         s->line[WK_OLD].epoch.epoch < UINT32_MAX;
}

enum wk_which wk_update_which(const struct wk_store *s) {
  if (wk_update_state(s) != WK_UPDATE_OPEN)
    return WK_OLD;
  const enum wk_which turn = wk_turn_is_new() ? WK_NEW : WK_OLD;
  return wk_store_next(s, turn) > s->n ? (enum wk_which)(turn ^ 1) : turn;
}

enum wk_err wk_update_body(struct wk_update *body, struct wk_store *s) {
  uint8_t next[WK_VALUE_LEN];
  body->role = WK_ROLE_C;
  body->epoch = s->line[WK_NEW].epoch.epoch;
  body->n = s->n;
  enum wk_err err = wk_store_peek(s, WK_NEW, 0, body->anchor);
  if (err == WK_OK)
    err = wk_store_peek(s, WK_OLD, wk_store_next(s, WK_OLD), next);
  if (err != WK_OK)
    return err;
  wk_update_vouch(body->vouch, next, s->id, body);
  wk_wipe(next, sizeof next);
  return wk_turn_open() ? WK_OK : WK_ERR_IO;
}

/* A status that only an update explains, or an epoch beyond what there is. */
static bool is_foreign(const struct wk_store *s, const struct wk_asked *a,
                       enum wk_answer answer, const struct wk_reply *reply) {
  const bool open = wk_update_state(s) == WK_UPDATE_OPEN;
  const uint32_t old = s->line[WK_OLD].epoch.epoch;
  if (reply->role != WK_ROLE_C)
    return false;
  if (reply->epoch > (open ? old + 1 : old))
    return true;
  if (open && reply->epoch == old + 1 && wk_store_next(s, WK_NEW) == 1)
    return true; /* where no password has left yet */
  return answer == WK_ANSWER_LOGIN && !a->updating && !open &&
         a->epoch == old && reply->status != WK_STATUS_ACCEPTED;
}

enum wk_err wk_update_answered(struct wk_store *s, const struct wk_asked *a,
                               enum wk_answer answer,
                               const struct wk_reply *reply) {
  if (is_foreign(s, a, answer, reply))
    return WK_ERR_CHAIN;
  /* A login of before the update knows nothing of it. */
  if (answer != WK_ANSWER_LOGIN || !a->updating)
    return WK_OK;
  if (reply->role == WK_ROLE_C && a->epoch == s->line[WK_NEW].epoch.epoch)
    wk_store_switch(s);
  else if (reply->role == WK_ROLE_C && reply->status == WK_STATUS_ACCEPTED)
    wk_store_drop(s);
  else if (!wk_turn_is_new())
    wk_turn_change(a->index); /* the new chain is next */
  return WK_OK;
}

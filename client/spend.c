/* SPDX-License-Identifier: Apache-2.0 */
#include "spend.h"

#include <string.h>

#include <whitekey/bytes.h>

#define TURN_NEW 3u /* both roles' tables end with it */

/* The two chains of a role; const where nothing is changed. */
struct pair {
  struct wk_credential_chain *old;
  struct wk_credential_update *update;
};

static struct pair pair_of(struct wk_credential *credential,
                           enum wk_role role) {
  return role == WK_ROLE_C
             ? (struct pair){&credential->c, &credential->c_update}
             : (struct pair){&credential->d, &credential->d_update};
}

struct wk_credential_chain *spend_chain(struct wk_credential *credential,
                                        enum wk_role role, uint32_t epoch) {
  const struct pair pair = pair_of(credential, role);
  if (pair.old->present && pair.old->epoch == epoch)
    return pair.old;
  if (pair.update->chain.present && pair.update->chain.epoch == epoch)
    return &pair.update->chain;
  return NULL;
}

static bool new_is_next(const struct wk_credential *credential,
                        enum wk_role role,
                        const struct wk_credential_update *update) {
  const bool half_pace =
      role == WK_ROLE_D &&
      (!credential->c.present || credential->c_update.chain.present);
  return ((half_pace ? update->turn >> 1 : update->turn) & 1) != 0;
}

static bool has_index(const struct wk_credential_chain *chain) {
  return chain->present && chain->next <= chain->n;
}

enum wk_err spend(struct spent *spent, struct wk_credential *credential,
                  enum wk_role role) {
  const struct pair pair = pair_of(credential, role);
  struct wk_credential_update *update = pair.update;
  struct wk_credential_chain *chain = pair.old;
  memset(spent, 0, sizeof *spent);
  if (!chain->present)
    return WK_OK;
  if (has_index(&update->chain) &&
      (new_is_next(credential, role, update) || !has_index(chain)))
    chain = &update->chain;
  if (!has_index(chain))
    return WK_ERR_EXHAUSTED;
  spent->present = true;
  spent->epoch = chain->epoch;
  spent->index = chain->next++;
  spent->updating = update->chain.present;
  if (spent->updating)
    update->turn = (update->turn + 1) % WK_TURNS;
  return WK_OK;
}

/* Section 2: 1, 2, 4 .. R once since the last success, then 1 each. */
void spend_refused(struct wk_credential *credential, enum wk_role role,
                   const struct spent *spent) {
  struct wk_credential_chain *chain =
      spent->present ? spend_chain(credential, role, spent->epoch) : NULL;
  if (!chain || chain->refusals >= WK_REFUSALS_MAX)
    return;
  const uint32_t step = UINT32_C(1) << chain->refusals++;
  _Static_assert(1u << (WK_REFUSALS_MAX - 1) == WK_SKIP_MAX, "up to R");
  if (chain->next > chain->n)
    return;
  chain->next += step - 1;
  if (chain->next > chain->n) /* a jump past the end tries the last one */
    chain->next = chain->n;
}

/*
 * Whether a login's end speaks of the open update: it used the new chain, or
 * the old one behind the login in whose session the update began. A login of
 * before knows nothing of it.
 */
static bool concerns(const struct pair *pair, const struct spent *spent) {
  const struct wk_credential_update *update = pair->update;
  if (!spent->present || !update->chain.present)
    return false;
  return spent->epoch == update->chain.epoch ||
         (spent->epoch == pair->old->epoch && spent->index > update->after);
}

bool spend_accepted(struct wk_credential *credential, enum wk_role role,
                    const struct spent *spent) {
  const struct pair pair = pair_of(credential, role);
  bool changed = pair.old->refusals != 0 || pair.update->chain.refusals != 0;
  pair.old->refusals = 0;
  pair.update->chain.refusals = 0;
  if (concerns(&pair, spent) && pair.update->turn != TURN_NEW) {
    pair.update->turn = TURN_NEW;
    changed = true;
  }
  return changed;
}

bool spend_answered(struct wk_credential *credential, enum wk_role role,
                    const struct spent *spent, enum wk_status status) {
  const struct pair pair = pair_of(credential, role);
  if (!concerns(&pair, spent))
    return false;
  /* Accepted under the new epoch, whatever the status: the server has
   * switched, now or at a login whose X4 was lost. */
  if (spent->epoch == pair.update->chain.epoch)
    *pair.old = pair.update->chain;
  else if (status != WK_STATUS_ACCEPTED)
    return false;
  wk_wipe(pair.update, sizeof *pair.update);
  return true;
}

bool spend_foreign(const struct wk_credential *credential,
                   const struct spent *spent, const struct wk_reply *reply) {
  const bool c = reply->role == WK_ROLE_C;
  const struct wk_credential_chain *old = c ? &credential->c : &credential->d;
  const struct wk_credential_chain *new =
      c ? &credential->c_update.chain : &credential->d_update.chain;
  if (!old->present)
    return false;
  if (reply->epoch > (new->present ? new->epoch : old->epoch))
    return true;
  /* Our new chain's epoch, and we have not used it yet. */
  if (new->present && reply->epoch == new->epoch &&new->next == 1)
    return true;
  return spent && spent->present && !spent->updating && !new->present &&
         spent->epoch == old->epoch && reply->status != WK_STATUS_ACCEPTED;
}

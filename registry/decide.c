/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include <string.h>

#define LONG_WALK_PAUSE 60 /* seconds, rows 7 and 10 */

/* One message of the attempt and the chain it belongs to. */
struct half {
  enum wk_type type;
  enum wk_role role;
  struct wk_chain_record *chain;
  const uint8_t *msg;
  size_t len;
  uint32_t challenge_epoch, challenge_last; /* when it was issued */
  struct wk_header header;
  struct wk_login body;
  uint8_t hash[WK_HASH_LEN];
  bool fresh_by_challenge; /* freshness (a); set where it can matter */
  bool switches;           /* goes to the pending update's chain */
};

struct decision {
  struct wk_record *record;
  const struct wk_decide_input *in;
  struct wk_verdict *verdict;
  bool changed;   /* the record differs */
  bool long_walk; /* granted, for both halves together */
};

static void half_init(struct half *h, struct decision *dec,
                      enum wk_role role) {
  const struct wk_attempt *attempt = dec->in->attempt;
  const struct wk_challenge *ch = attempt->challenge;
  const bool c = role == WK_ROLE_C;
  memset(h, 0, sizeof *h);
  h->type = c ? WK_X1 : WK_X2;
  h->role = role;
  h->chain = c ? &dec->record->c : &dec->record->d;
  h->msg = c ? attempt->x1 : attempt->x2;
  h->len = c ? attempt->x1_len : attempt->x2_len;
  if (ch) {
    h->challenge_epoch = c ? ch->c_epoch : ch->d_epoch;
    h->challenge_last = c ? ch->c_last : ch->d_last;
  }
}

/* Row 1. */
static bool well_formed(struct half *h) {
  return wk_header_parse(&h->header, h->type, h->msg, h->len) == WK_OK;
}

/* Row 4: opens under Kx of the epoch that its header names. */
static bool opens(struct half *h, const struct decision *dec) {
  const struct wk_challenge *ch = dec->in->attempt->challenge;
  uint8_t kx[WK_KX_LEN];
  wk_keyring_kx(dec->in->keys, h->header.epoch, kx);
  const struct wk_seal seal = {&dec->in->keys->id, kx, ch ? ch->bytes : NULL};
  const enum wk_err err = wk_login_open(&h->body, &h->header, h->msg, &seal);
  wk_wipe(kx, sizeof kx);
  if (err != WK_OK)
    return false; /* what does not open is known by nothing else */
  const struct wk_span whole = {h->msg, h->len};
  wk_port_sha256(h->hash, &whole, 1);
  return true;
}

static bool near_clock(const struct half *h, const struct decision *dec) {
  const int64_t max_skew = (int64_t)dec->in->policy->max_skew;
  const int64_t off = dec->in->attempt->now - (int64_t)h->body.time;
  return off <= max_skew && off >= -max_skew;
}

/* Row 5. */
static bool clock_agrees(const struct half *h, const struct decision *dec) {
  const struct wk_policy *policy = dec->in->policy;
  if (dec->in->attempt->challenge)
    return true;
  if ((int64_t)h->body.time < dec->in->not_before)
    return false; /* section 7: after a restore, older or none */
  if (h->body.time == 0)
    return !policy->require_time;
  return near_clock(h, dec);
}

/* Freshness (b); with a challenge nobody has looked at the time yet. */
static bool fresh_by_time(const struct half *h, const struct decision *dec) {
  return h->body.time != 0 && (int64_t)h->body.time > h->chain->t_max &&
         near_clock(h, dec);
}

static bool proven_fresh(const struct half *h, const struct decision *dec) {
  return h->fresh_by_challenge || fresh_by_time(h, dec);
}

/* Rows 7 and 10: a walk beyond the window must be proven fresh, and there is
 * one a minute for both rows. */
static bool walk_allowed(const struct half *h, struct decision *dec,
                         uint32_t steps) {
  if (steps <= dec->in->policy->window)
    return true;
  if (!proven_fresh(h, dec))
    return false;
  if (dec->long_walk)
    return true;
  const int64_t now = dec->in->attempt->now;
  const int64_t since = now - dec->record->long_walk_at;
  if (since >= 0 && since < LONG_WALK_PAUSE)
    return false;
  dec->record->long_walk_at = now;
  dec->changed = true;
  dec->long_walk = true;
  return true;
}

static enum wk_reason clone(struct half *h, struct decision *dec) {
  struct wk_verdict *verdict = dec->verdict;
  const struct wk_policy *policy = dec->in->policy;
  const enum wk_on_clone action = h->fresh_by_challenge
                                      ? policy->on_clone_challenge
                                      : policy->on_clone_time;
  verdict->evidence =
      h->fresh_by_challenge ? WK_EVIDENCE_CHALLENGE : WK_EVIDENCE_TIME;
  verdict->alarms |= WK_ALARM_CLONE;
  if (action == WK_ON_CLONE_QUARANTINE) {
    dec->record->state = WK_DEVICE_QUARANTINED;
    dec->changed = true;
    verdict->quarantined = true;
  }
  return WK_REASON_CLONE;
}

/* Row 7: an index up to `last` of the message's epoch, whose x[last] is
 * `value` and whose last accepted message hashes to `hash`. */
static enum wk_reason spent(struct half *h, struct decision *dec,
                            uint32_t last, const uint8_t value[WK_VALUE_LEN],
                            const uint8_t hash[WK_HASH_LEN]) {
  if (wk_equal(h->hash, hash, WK_HASH_LEN))
    return WK_REASON_REPLAY;
  if (dec->record->released || !proven_fresh(h, dec) ||
      !walk_allowed(h, dec, last - h->header.index)) {
    dec->verdict->alarms |= WK_ALARM_SUSPECT;
    return WK_REASON_STALE;
  }
  uint8_t salt[WK_SALT_LEN];
  wk_keyring_salt(dec->in->keys, h->role, h->header.epoch, salt);
  if (wk_chain_verify(value, last, h->body.x, h->header.index, salt))
    return clone(h, dec);
  dec->verdict->alarms |= WK_ALARM_CHAIN;
  return WK_REASON_CHAIN;
}

/* Row 7 in the current epoch. */
static enum wk_reason spent_now(struct half *h, struct decision *dec) {
  h->fresh_by_challenge = dec->in->attempt->challenge &&
                          h->challenge_epoch == h->header.epoch &&
                          h->header.index <= h->challenge_last;
  return spent(h, dec, h->chain->last, h->chain->value, h->chain->hash);
}

/* Row 6, the epoch before the current one. */
static enum wk_reason epoch_before(struct half *h, struct decision *dec) {
  const struct wk_previous *previous = &h->chain->previous;
  if (!previous->present || h->header.index > previous->last) {
    dec->verdict->alarms |= WK_ALARM_EPOCH;
    return WK_REASON_EPOCH;
  }
  /* Spent at issue: the switch came before the challenge, or after it. */
  const bool before = h->challenge_epoch == h->chain->epoch;
  const bool after = h->challenge_epoch == h->header.epoch &&
                     h->header.index <= h->challenge_last;
  h->fresh_by_challenge = dec->in->attempt->challenge && (before || after);
  return spent(h, dec, previous->last, previous->value, previous->hash);
}

/* Row 6, two or more epochs behind. */
static enum wk_reason epoch_long_gone(struct half *h, struct decision *dec) {
  h->fresh_by_challenge = dec->in->attempt->challenge &&
                          h->challenge_epoch > h->header.epoch &&
                          h->challenge_epoch - h->header.epoch >= 2;
  if (!dec->record->released && proven_fresh(h, dec))
    return clone(h, dec);
  dec->verdict->alarms |= WK_ALARM_SUSPECT;
  return WK_REASON_EPOCH;
}

static enum wk_reason other_epoch(struct half *h, struct decision *dec) {
  if (h->header.epoch > h->chain->epoch)
    return WK_REASON_EPOCH;
  if (h->chain->epoch - h->header.epoch == 1)
    return epoch_before(h, dec);
  return epoch_long_gone(h, dec);
}

/* Rows 5 to 11 for one chain; row 4 was passed. */
static enum wk_reason check_chain(struct half *h, struct decision *dec) {
  const struct wk_chain_record *chain = h->chain;
  const struct wk_pending *pending = &chain->pending;
  const uint32_t index = h->header.index;

  /* 5 */
  if (!clock_agrees(h, dec))
    return WK_REASON_CLOCK;
  /* 6: the current epoch, or the next one whose vouch is verified */
  h->switches = pending->state == WK_PENDING_VERIFIED &&
                h->header.epoch > chain->epoch &&
                h->header.epoch - chain->epoch == 1;
  if (h->header.epoch != chain->epoch && !h->switches)
    return other_epoch(h, dec);
  const uint32_t last = h->switches ? 0 : chain->last;
  const uint32_t n = h->switches ? pending->n : chain->n;
  const uint8_t *value = h->switches ? pending->anchor : chain->value;
  /* 7 */
  if (index <= last)
    return spent_now(h, dec);
  /* 8: the barrier is of the current chain */
  if (!h->switches && index <= chain->barrier)
    return WK_REASON_RESERVED;
  /* 9 */
  if (index > n)
    return WK_REASON_EXHAUSTED;
  /* 10 */
  if (!walk_allowed(h, dec, index - last))
    return WK_REASON_GAP;
  /* 11 */
  uint8_t salt[WK_SALT_LEN];
  wk_keyring_salt(dec->in->keys, h->role, h->header.epoch, salt);
  if (!wk_chain_verify(h->body.x, index, value, last, salt)) {
    dec->verdict->alarms |= WK_ALARM_CHAIN;
    return WK_REASON_CHAIN;
  }
  return WK_REASON_OK;
}

/* Row 12: checks 1, 4..11 on chain D, and it names this X1. */
static enum wk_reason check_user(struct half *d, const struct half *c,
                                 struct decision *dec) {
  if (!dec->in->attempt->has_x2)
    return d->chain->present ? WK_REASON_REQUIRED : WK_REASON_OK;
  if (!d->chain->present)
    return WK_REASON_UNKNOWN;
  if (!well_formed(d))
    return WK_REASON_MALFORMED;
  dec->verdict->epoch = d->header.epoch;
  dec->verdict->index = d->header.index;
  if (!opens(d, dec))
    return WK_REASON_FORGED;
  const enum wk_reason reason = check_chain(d, dec);
  if (reason != WK_REASON_OK)
    return reason;
  if (!wk_equal(d->body.digest, c->hash, WK_DIGEST_LEN))
    return WK_REASON_FORGED;
  return WK_REASON_OK;
}

/* Section 6.3: x[i + 1], from the x[j] just accepted, vouches or does not. */
static void check_vouch(struct half *h, struct decision *dec) {
  struct wk_pending *pending = &h->chain->pending;
  if (pending->state != WK_PENDING_WAITING ||
      h->header.index <= pending->index)
    return;
  struct wk_update update = {
      .role = h->role, .epoch = h->chain->epoch + 1, .n = pending->n};
  uint8_t salt[WK_SALT_LEN];
  uint8_t next[WK_VALUE_LEN];
  uint8_t vouch[WK_HASH_LEN];
  memcpy(update.anchor, pending->anchor, sizeof update.anchor);
  memcpy(next, h->body.x, sizeof next);
  wk_keyring_salt(dec->in->keys, h->role, h->chain->epoch, salt);
  wk_chain_walk(next, salt, h->header.index, pending->index + 1);
  wk_update_vouch(vouch, next, &dec->in->keys->id, &update);
  if (wk_equal(vouch, pending->vouch, sizeof vouch)) {
    pending->state = WK_PENDING_VERIFIED;
    return;
  }
  memset(pending, 0, sizeof *pending);
  dec->verdict->alarms |= WK_ALARM_VOUCH;
}

/* Section 6.4: the old chain becomes the previous epoch's record. */
static void switch_chain(struct wk_chain_record *chain) {
  chain->previous.present = true;
  chain->previous.last = chain->last;
  memcpy(chain->previous.value, chain->value, WK_VALUE_LEN);
  memcpy(chain->previous.hash, chain->hash, WK_HASH_LEN);
  chain->epoch++;
  chain->n = chain->pending.n;
  chain->promise = 0; /* it was of the old chain */
  memset(&chain->pending, 0, sizeof chain->pending);
}

static void accept_half(struct half *h, struct decision *dec) {
  struct wk_chain_record *chain = h->chain;
  const int64_t time = h->body.time != 0
                           ? (int64_t)h->body.time
                           : dec->in->attempt->now + dec->in->policy->max_skew;
  if (h->switches)
    switch_chain(chain);
  else
    check_vouch(h, dec);
  chain->last = h->header.index;
  memcpy(chain->value, h->body.x, WK_VALUE_LEN);
  memcpy(chain->hash, h->hash, WK_HASH_LEN);
  if (time > chain->t_max)
    chain->t_max = time;
  chain->barrier = 0; /* an accepted index exceeds it: row 8 */
}

static enum wk_status status_of(const struct half *h) {
  if (h->switches)
    return WK_STATUS_SWITCHED;
  return h->chain->pending.state != WK_PENDING_NONE ? WK_STATUS_PENDING
                                                    : WK_STATUS_ACCEPTED;
}

static void open_session(const struct half *c, const struct half *d,
                         struct decision *dec) {
  struct wk_accepted *session = &dec->verdict->accepted;
  const struct wk_challenge *ch = dec->in->attempt->challenge;
  memcpy(session->did, dec->record->id.did, sizeof session->did);
  session->generation = dec->record->generation;
  session->c_epoch = c->header.epoch;
  session->c_index = c->header.index;
  session->c_status = status_of(c);
  memcpy(session->digest, c->hash, WK_DIGEST_LEN);
  if (dec->in->attempt->has_x2) {
    session->d_epoch = d->header.epoch;
    session->d_index = d->header.index;
    session->d_status = status_of(d);
  }
  session->challenged = ch != NULL;
  if (ch)
    memcpy(session->challenge, ch->bytes, WK_CHALLENGE_LEN);
}

static void accept(struct half *c, struct half *d, struct decision *dec) {
  accept_half(c, dec);
  if (dec->in->attempt->has_x2)
    accept_half(d, dec);
  dec->record->released = false;
  dec->record->login_at = dec->in->attempt->now;
  dec->changed = true;
  dec->verdict->epoch = c->header.epoch;
  dec->verdict->index = c->header.index;
  open_session(c, d, dec);
}

/* The list of section 4, in its order. */
static enum wk_reason decide(struct half *c, struct half *d,
                             struct decision *dec) {
  const enum wk_device_state state = dec->record->state;
  /* 1 */
  if (!well_formed(c))
    return WK_REASON_MALFORMED;
  dec->verdict->epoch = c->header.epoch;
  dec->verdict->index = c->header.index;
  const bool opened = opens(c, dec); /* 2 and 3 cost the work of 4 */
  /* 2 */
  if (!dec->in->known)
    return WK_REASON_UNKNOWN;
  /* 3 */
  if (state == WK_DEVICE_QUARANTINED)
    return WK_REASON_QUARANTINED;
  if (state != WK_DEVICE_ENABLED)
    return WK_REASON_DISABLED;
  /* 4 */
  if (!opened)
    return WK_REASON_FORGED;
  /* 5 to 11 */
  enum wk_reason reason = check_chain(c, dec);
  if (reason != WK_REASON_OK)
    return reason;
  /* 12 */
  reason = check_user(d, c, dec);
  if (reason != WK_REASON_OK) {
    dec->verdict->user = true;
    return reason;
  }
  /* client id: only a device that proved itself learns of others' names */
  if (dec->in->client_id_foreign)
    return WK_REASON_CLIENT_ID;
  accept(c, d, dec); /* 13: the caller stores the record in one step */
  return WK_REASON_OK;
}

enum wk_reason wk_decide(struct wk_record *record,
                         const struct wk_decide_input *input, bool *changed,
                         struct wk_verdict *verdict) {
  struct decision dec = {.record = record, .in = input, .verdict = verdict};
  struct half c;
  struct half d;
  memset(verdict, 0, sizeof *verdict);
  half_init(&c, &dec, WK_ROLE_C);
  half_init(&d, &dec, WK_ROLE_D);
  verdict->reason = decide(&c, &d, &dec);
  *changed = dec.changed;
  wk_wipe(&c, sizeof c);
  wk_wipe(&d, sizeof d);
  return verdict->reason;
}

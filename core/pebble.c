/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/pebble.h>

#include <string.h>

#include "bug.h"

#include <whitekey/bytes.h>

/*
 * Positions are absolute and unsigned: the part of the power of two below
 * x[1] wraps around 2^32, where no position of a real chain lies.
 */
static bool real(const struct wk_pebble *p, uint32_t position) {
  return position >= 1 && position <= p->n;
}

static uint8_t ceil_log2(uint32_t n) {
  uint8_t k = 0;
  while ((UINT32_C(1) << k) < n)
    k++;
  return k;
}

static uint32_t size(const struct wk_pebble *p) {
  return UINT32_C(1) << p->k;
}

/* Moves slot `to` one step below slot `from`; hash: values move along. */
static void step(struct wk_pebble *p, uint8_t from, uint8_t to, bool hash) {
  p->at[to] = p->at[from] - 1;
  if (!hash || !real(p, p->at[to]))
    return;
  WK_BUG_IF(!real(p, p->at[from]));
  if (to != from)
    memcpy(p->value[to], p->value[from], WK_VALUE_LEN);
  wk_chain_step(p->value[to], p->salt, p->at[to]);
}

/* One unit of work on the newest job: one step of the segment it fills. */
static void work(struct wk_pebble *p, uint8_t job, bool hash) {
  const uint8_t from = p->job[job].slot;
  uint8_t to = from;
  if (p->job[job].left == 0) {
    to = (uint8_t)(from - 1);
    p->job[job].left = UINT32_C(1) << to;
  }
  step(p, from, to, hash);
  p->job[job].slot = to;
  p->job[job].left--;
}

/* The steps that round r owes: Schoenmakers' schedule, at most ceil(k/2). */
static void pay(struct wk_pebble *p, uint32_t r, uint8_t zeros, bool hash) {
  uint32_t c = r >> (zeros + 1);
  uint32_t w = (r & 1u) + zeros + 2u;
  uint8_t job = p->jobs;
  while (c != 0) {
    for (; (c & 1u) == 0; c >>= 1)
      w++;
    job--;
    for (uint32_t half = w / 2; half > 0; half--)
      work(p, job, hash);
    w &= 1u;
    for (; (c & 1u) == 1; c >>= 1)
      w++;
  }
  uint8_t kept = 0; /* a job that reached slot 0 is done */
  for (uint8_t i = 0; i < p->jobs; i++) {
    if (p->job[i].slot != 0)
      p->job[kept++] = p->job[i];
  }
  p->jobs = kept;
}

/* Round r gave value[0] away: closes the gap and does the round's work. */
static void advance(struct wk_pebble *p, bool hash) {
  const uint32_t r = p->round--;
  if (r == size(p))
    return;
  uint8_t zeros = 0;
  while ((r >> zeros & 1u) == 0)
    zeros++;
  for (uint8_t t = 0; t < zeros; t++) {
    p->at[t] = p->at[t + 1];
    if (hash)
      memcpy(p->value[t], p->value[t + 1], WK_VALUE_LEN);
  }
  if ((r >> (zeros + 1) & 1u) == 1) {
    WK_BUG_IF(p->jobs >= WK_PEBBLE_MAX / 2);
    p->job[p->jobs].slot = (uint8_t)(zeros + 1);
    p->job[p->jobs++].left = 0;
  }
  pay(p, r, zeros, hash);
}

/* Walks the chain once from the top, keeping what the slots ask for. */
static void fill(struct wk_pebble *p, const uint8_t seed[WK_SEED_LEN]) {
  uint8_t x[WK_VALUE_LEN];
  wk_chain_top(x, p->salt, p->n, seed);
  for (uint32_t j = p->n; j >= 1; j--) {
    for (uint8_t s = 0; s < p->k; s++) {
      if (p->at[s] == j)
        memcpy(p->value[s], x, WK_VALUE_LEN);
    }
    if (j > 1)
      wk_chain_step(x, p->salt, j - 1);
  }
  wk_wipe(x, sizeof x);
}

enum wk_err wk_pebble_init(struct wk_pebble *p,
                           const uint8_t salt[WK_SALT_LEN], uint32_t n,
                           uint32_t first, const uint8_t seed[WK_SEED_LEN]) {
  memset(p, 0, sizeof *p);
  if (n < WK_CHAIN_LEN_MIN || n > WK_CHAIN_LEN_MAX || first < 1 || first > n)
    return WK_ERR_ARGUMENT;
  memcpy(p->salt, salt, WK_SALT_LEN);
  p->n = n;
  p->k = ceil_log2(n);
  /*
   * The schedule moves positions whatever the values are: bring it to
   * `first` by positions alone, then hash the chain once.
   */
  p->round = size(p);
  for (uint8_t s = 0; s < p->k; s++)
    p->at[s] = n - size(p) + (UINT32_C(2) << s);
  while (n - p->round + 1 != first)
    advance(p, false);
  fill(p, seed);
  return WK_OK;
}

enum wk_err wk_pebble_next(struct wk_pebble *p, uint8_t x[WK_VALUE_LEN],
                           uint32_t *index) {
  if (p->round == 0) {
    memset(x, 0, WK_VALUE_LEN);
    *index = 0;
    return WK_ERR_EXHAUSTED;
  }
  *index = p->n - p->round + 1;
  memcpy(x, p->value[0], WK_VALUE_LEN);
  if (p->round == size(p))
    wk_chain_step(x, p->salt, *index); /* the slots begin at the second */
  else
    WK_BUG_IF(p->at[0] != *index);
  advance(p, true);
  return WK_OK;
}

void wk_pebble_wipe(struct wk_pebble *p) {
  wk_wipe(p, sizeof *p);
}

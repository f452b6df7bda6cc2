/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/plan.h>

#include <stddef.h>
#include <string.h>

#include "bug.h"

/* A plan and who is told of its moves. */
struct mover {
  struct wk_plan *plan;
  wk_plan_move *move;
  void *user;
};

static uint8_t ceil_log2(uint32_t n) {
  uint8_t k = 0;
  while ((UINT32_C(1) << k) < n)
    k++;
  return k;
}

static uint32_t size(const struct wk_plan *plan) {
  return UINT32_C(1) << plan->k;
}

void wk_plan_init(struct wk_plan *plan, uint32_t n) {
  memset(plan, 0, sizeof *plan);
  plan->n = n;
  plan->k = ceil_log2(n);
  WK_BUG_IF(n < 2 || plan->k > WK_PLAN_MAX);
  plan->round = size(plan);
  for (uint8_t p = 0; p < plan->k; p++)
    plan->at[p] = n - size(plan) + (UINT32_C(2) << p);
}

static void move(const struct mover *m, uint8_t to, uint8_t from,
                 uint8_t down) {
  m->plan->at[to] = m->plan->at[from] - down;
  if (m->move)
    m->move(m->user, to, from, down);
}

/* One unit of work on a job: one step of the segment it fills. */
static void work(const struct mover *m, uint8_t job) {
  struct wk_plan *plan = m->plan;
  const uint8_t from = plan->job[job].place;
  uint8_t to = from;
  if (plan->job[job].left == 0) {
    to = (uint8_t)(from - 1);
    plan->job[job].left = UINT32_C(1) << to;
  }
  move(m, to, from, 1);
  plan->job[job].place = to;
  plan->job[job].left--;
}

static void drop_finished_jobs(struct wk_plan *plan) {
  uint8_t kept = 0; /* a job that reached place 0 is done */
  for (uint8_t i = 0; i < plan->jobs; i++) {
    if (plan->job[i].place != 0)
      plan->job[kept++] = plan->job[i];
  }
  plan->jobs = kept;
}

/* The steps that round r owes: Schoenmakers' schedule, at most ceil(k/2). */
static void pay(const struct mover *m, uint32_t r, uint8_t zeros) {
  uint32_t c = r >> (zeros + 1);
  uint32_t w = (r & 1u) + zeros + 2u;
  uint8_t job = m->plan->jobs;
  while (c != 0) {
    for (; (c & 1u) == 0; c >>= 1)
      w++;
    job--;
    for (uint32_t half = w / 2; half > 0; half--)
      work(m, job);
    w &= 1u;
    for (; (c & 1u) == 1; c >>= 1)
      w++;
  }
  drop_finished_jobs(m->plan);
}

void wk_plan_advance(struct wk_plan *plan, wk_plan_move *told, void *user) {
  const struct mover m = {plan, told, user};
  WK_BUG_IF(plan->round == 0);
  const uint32_t r = plan->round--;
  if (r == size(plan))
    return;
  uint8_t zeros = 0;
  while ((r >> zeros & 1u) == 0)
    zeros++;
  for (uint8_t p = 0; p < zeros; p++)
    move(&m, p, (uint8_t)(p + 1), 0);
  if ((r >> (zeros + 1) & 1u) == 1) {
    WK_BUG_IF(plan->jobs >= WK_PLAN_MAX / 2);
    plan->job[plan->jobs].place = (uint8_t)(zeros + 1);
    plan->job[plan->jobs++].left = 0;
  }
  pay(&m, r, zeros);
}

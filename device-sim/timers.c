/* SPDX-License-Identifier: Apache-2.0 */
#include "timers.h"

static void put(struct timers *t, size_t place, struct timer *timer) {
  t->heap[place] = timer;
  timer->place = place;
}

static void sift_up(struct timers *t, size_t place, struct timer *timer) {
  while (place > 0 && t->heap[(place - 1) / 2]->due > timer->due) {
    put(t, place, t->heap[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(t, place, timer);
}

static void sift_down(struct timers *t, size_t place, struct timer *timer) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child + 1 < t->count && t->heap[child + 1]->due < t->heap[child]->due)
      child++;
    if (child >= t->count || t->heap[child]->due >= timer->due)
      break;
    put(t, place, t->heap[child]);
    place = child;
  }
  put(t, place, timer);
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t due) {
  if (timer->place == TIMER_OFF)
    timer->place = timers->count++;
  else if (due > timer->due) {
    timer->due = due;
    sift_down(timers, timer->place, timer);
    return;
  }
  timer->due = due;
  sift_up(timers, timer->place, timer);
}

void timers_clear(struct timers *timers, struct timer *timer) {
  if (timer->place == TIMER_OFF)
    return;
  struct timer *last = timers->heap[--timers->count];
  const size_t hole = timer->place;
  timer->place = TIMER_OFF;
  if (last == timer)
    return;
  last->place = hole;
  sift_up(timers, hole, last);
  sift_down(timers, last->place, last);
}

struct timer *timers_first(const struct timers *timers) {
  return timers->count > 0 ? timers->heap[0] : NULL;
}

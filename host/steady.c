/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/steady.h>

int64_t wk_steady_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec wk_steady_after(int64_t ms) {
  struct timespec at;
  (void)clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += (time_t)(ms / 1000);
  at.tv_nsec += (long)(ms % 1000) * 1000000;
  at.tv_sec += at.tv_nsec / 1000000000;
  at.tv_nsec %= 1000000000;
  return at;
}

void wk_steady_cond(pthread_cond_t *cond) {
  pthread_condattr_t steady;
  (void)pthread_condattr_init(&steady);
  (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  (void)pthread_cond_init(cond, &steady);
  (void)pthread_condattr_destroy(&steady);
}

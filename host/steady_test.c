/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>

#include <whitekey/steady.h>

static int64_t ms_of(struct timespec at) {
  cr_assert_geq(at.tv_nsec, 0);
  cr_assert_lt(at.tv_nsec, 1000000000);
  return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

Test(steady, after__is_that_far_ahead) {
  static const int64_t ahead[] = {0, 1, 999, 1000, 1001, 86400999};
  for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
    const int64_t before = wk_steady_ms();
    const int64_t at = ms_of(wk_steady_after(ahead[i]));
    cr_assert_geq(at, before + ahead[i]);
    cr_assert_leq(at, wk_steady_ms() + ahead[i]);
  }
}

/* A condition of the wall clock would wait for decades, or not at all. */
Test(steady, cond__waits_until_then) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t cond;
  int err = 0;
  wk_steady_cond(&cond);
  const struct timespec until = wk_steady_after(20);
  (void)pthread_mutex_lock(&lock);
  while (err == 0)
    err = pthread_cond_timedwait(&cond, &lock, &until);
  (void)pthread_mutex_unlock(&lock);
  cr_assert_eq(err, ETIMEDOUT);
  cr_assert_geq(wk_steady_ms(), ms_of(until));
  (void)pthread_cond_destroy(&cond);
}

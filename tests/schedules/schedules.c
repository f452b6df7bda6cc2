/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedules [--seed N] [--count N] [--must-break I] - runs random schedules.
 * Exit status 0: no invariant is broken; with --must-break: that one is.
 */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

#define PROGRESS 100000u /* schedules */

struct options {
  uint64_t seed, count;
  const char *must_break; /* an invariant; NULL: none must */
};

static bool parse(struct options *options, int argc, char **argv) {
  static const struct option names[] = {
      {"seed", required_argument, NULL, 's'},
      {"count", required_argument, NULL, 'c'},
      {"must-break", required_argument, NULL, 'b'},
      {NULL, 0, NULL, 0}};
  int found = 0;
  while ((found = getopt_long(argc, argv, "", names, NULL)) != -1) {
    if (found == 's')
      options->seed = strtoull(optarg, NULL, 10);
    else if (found == 'c')
      options->count = strtoull(optarg, NULL, 10);
    else if (found == 'b')
      options->must_break = optarg;
    else
      return false;
  }
  return optind == argc && options->count > 0;
}

static void report(struct schedule *schedule, const char *broken) {
  (void)printf("seed %llu breaks %s\n", (unsigned long long)schedule->seed,
               broken);
  schedule_shrink(schedule);
  schedule_print(schedule);
}

/* False: broken, and told. */
static bool holds(struct schedule *schedule, const struct options *options) {
  const char *broken = schedule_run(schedule, false);
  const char *wanted = options->must_break;
  if (broken[0] == '\0' || (wanted && strncmp(broken, wanted, 2) != 0))
    return true;
  if (wanted)
    (void)printf("seed %llu breaks %s\n", (unsigned long long)schedule->seed,
                 broken);
  else
    report(schedule, broken);
  return false;
}

/* What was found before, then what nobody has seen. */
static bool all_hold(const struct options *options) {
  struct schedule schedule;
  for (uint32_t i = 0; schedule_known(&schedule, i); i++)
    if (!holds(&schedule, options))
      return false;
  for (uint64_t i = 0; i < options->count; i++) {
    schedule_draw(&schedule, options->seed + i);
    if (!holds(&schedule, options))
      return false;
    if ((i + 1) % PROGRESS == 0)
      (void)fprintf(stderr, "%llu schedules\n", (unsigned long long)(i + 1));
  }
  (void)printf("%llu schedules from seed %llu: nothing is broken\n",
               (unsigned long long)options->count,
               (unsigned long long)options->seed);
  return true;
}

int main(int argc, char **argv) {
  struct options options = {.seed = 1, .count = 1000, .must_break = NULL};
  if (!parse(&options, argc, argv)) {
    (void)fprintf(
        stderr, "Usage: schedules [--seed N] [--count N] [--must-break I]\n");
    return 2;
  }
  /* A server's memory is large and hardly touched: fresh pages are zero. */
  (void)mallopt(M_MMAP_THRESHOLD, 64 * 1024);
  return all_hold(&options) == (options.must_break == NULL) ? 0 : 1;
}

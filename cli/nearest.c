/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MAX 31u

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, by optimal string alignment. */
unsigned nearest_distance(const char *a, const char *b) {
  unsigned cost[WORD_MAX + 1][WORD_MAX + 1];
  const size_t a_len = strlen(a);
  const size_t b_len = strlen(b);
  if (a_len > WORD_MAX || b_len > WORD_MAX)
    return UINT_MAX;
  for (size_t i = 0; i <= a_len; i++)
    cost[i][0] = (unsigned)i;
  for (size_t j = 0; j <= b_len; j++)
    cost[0][j] = (unsigned)j;
  for (size_t i = 1; i <= a_len; i++) {
    for (size_t j = 1; j <= b_len; j++) {
      const bool same = a[i - 1] == b[j - 1];
      const bool swapped =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      cost[i][j] = least(least(cost[i - 1][j], cost[i][j - 1]) + 1,
                         cost[i - 1][j - 1] + !same);
      if (swapped)
        cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a_len][b_len];
}

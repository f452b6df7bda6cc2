/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/nearest.h>

#include <string.h>

#define LETTERS_MAX 64u

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, by optimal string alignment. */
static unsigned distance(const char *a, const char *b) {
  unsigned cost[LETTERS_MAX + 1][LETTERS_MAX + 1];
  const size_t a_len = strnlen(a, LETTERS_MAX);
  const size_t b_len = strnlen(b, LETTERS_MAX);
  for (unsigned i = 0; i <= a_len; i++)
    cost[i][0] = i;
  for (unsigned j = 0; j <= b_len; j++)
    cost[0][j] = j;
  for (size_t i = 1; i <= a_len; i++) {
    for (size_t j = 1; j <= b_len; j++) {
      const unsigned changed = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = least(least(cost[i - 1][j], cost[i][j - 1]) + 1,
                         cost[i - 1][j - 1] + changed);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a_len][b_len];
}

const char *wk_nearest(const char *word, const char *const *names,
                       size_t count) {
  const char *best = names[0];
  unsigned least_changes = distance(word, best);
  for (size_t i = 1; i < count; i++) {
    const unsigned changes = distance(word, names[i]);
    if (changes < least_changes) {
      least_changes = changes;
      best = names[i];
    }
  }
  return best;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/nearest.h>

#include <string.h>

#define LETTERS_MAX 64u

static unsigned least(unsigned a, unsigned b, unsigned c) {
  const unsigned ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* Levenshtein's distance, one row of the table at a time. */
static unsigned distance(const char *a, const char *b) {
  const size_t a_len = strnlen(a, LETTERS_MAX);
  const size_t b_len = strnlen(b, LETTERS_MAX);
  unsigned row[LETTERS_MAX + 1];
  for (unsigned j = 0; j <= b_len; j++)
    row[j] = j;
  for (unsigned i = 0; i < a_len; i++) {
    unsigned diagonal = row[0];
    row[0] = i + 1;
    for (unsigned j = 0; j < b_len; j++) {
      const unsigned above = row[j + 1];
      row[j + 1] =
          least(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1));
      diagonal = above;
    }
  }
  return row[b_len];
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

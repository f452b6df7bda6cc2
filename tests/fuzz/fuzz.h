/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - one target per parser that sees a peer's or a person's bytes. Under
 * the preset `fuzz` libFuzzer drives a target; in the test suite replay.c
 * does, over the corpus in the tree and seeded mutations of it.
 *
 * A target calls FUZZ_CHECK for what must hold of any input.
 */
#ifndef WHITEKEY_FUZZ_H
#define WHITEKEY_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool holds, const char *what) {
  if (!holds) {
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
  }
}

#define FUZZ_CHECK(condition) fuzz_check(!!(condition), #condition)

#endif

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

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                 \
  do {                                                                        \
    if (!(condition))                                                         \
      abort();                                                                \
  } while (0)

#endif

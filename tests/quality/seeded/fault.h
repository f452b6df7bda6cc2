/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - one fault of each kind that the sanitizers are there for. The
 * volatile detours keep the compiler from seeing, and removing, the fault.
 */
#ifndef WHITEKEY_SEEDED_FAULT_H
#define WHITEKEY_SEEDED_FAULT_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static inline void fault_leak(void) {
  char *volatile lost = malloc(100);
  /* cppcheck-suppress memleak ; the fault */
  lost = NULL;
  (void)lost;
}

static inline void fault_overflow(void) {
  volatile size_t past = 100;
  char *data = malloc(past);
  if (!data)
    abort();
  ((volatile char *)data)[past] = 1;
  free(data);
}

static inline void fault_undefined(void) {
  volatile int most = INT_MAX;
  most = most + 1;
}

/* "none" is the one that must pass. */
static inline void fault_make(const char *name) {
  if (strcmp(name, "leak") == 0)
    fault_leak();
  else if (strcmp(name, "overflow") == 0)
    fault_overflow();
  else if (strcmp(name, "undefined") == 0)
    fault_undefined();
  else if (strcmp(name, "none") != 0)
    abort();
}

#endif

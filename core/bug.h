/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bug.h - stops at once on a state that only a bug of ours can reach. Never
 * for anything a peer may send. (assert.h is not freestanding.)
 */
#ifndef WHITEKEY_CORE_BUG_H
#define WHITEKEY_CORE_BUG_H

#define WK_BUG_IF(condition)                                                  \
  do {                                                                        \
    if (condition)                                                            \
      __builtin_trap();                                                       \
  } while (0)

#endif

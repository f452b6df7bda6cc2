/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - files that are what a chip and a sensor keep without power: each
 * write is in them at once, so that ending this program in any way is what a
 * power failure is to both.
 */
#ifndef WHITEKEY_SIM_KEPT_H
#define WHITEKEY_SIM_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include <whitekey/why.h>

#define KEPT_MAX 1024u

struct kept {
  const char *what; /* as sentences name it */
  size_t len;       /* at most KEPT_MAX */
  int fresh;        /* what each byte of a new one is */
  void *bytes;      /* NULL: it is not open */
};

/*
 * Maps the file, which is made with mode 0600 where there is none.
 * WK_ERR_IO; WK_ERR_CORRUPT: another size; WK_ERR_BUSY: another chip has it.
 */
WK_MUST_CHECK enum wk_err kept_open(struct kept *kept, const char *path,
                                    struct wk_why *why);
void kept_close(struct kept *kept);

#endif

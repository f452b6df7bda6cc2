/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/random.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void wk_random(void *out, size_t len) {
  unsigned char *at = out;
  while (len > 0) {
    const ssize_t got = getrandom(at, len, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      abort();
    at += got;
    len -= (size_t)got;
  }
}

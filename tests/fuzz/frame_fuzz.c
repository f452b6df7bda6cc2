/* SPDX-License-Identifier: Apache-2.0 */
/* A dongle's serial line, noise and all: what is taken for a frame is one. */
#include <string.h>

#include "frame.h"
#include "fuzz.h"

/* Written anew it is taken again, alone and with its last byte. */
static void take_again(const uint8_t *content, size_t len) {
  uint8_t wire[FRAME_WIRE_MAX];
  struct frame f = {.len = 0};
  const uint8_t *again = NULL;
  size_t again_len = 0;
  const size_t size = frame_write(wire, content, len);
  FUZZ_CHECK(size <= sizeof wire);
  for (size_t i = 0; i < size; i++)
    FUZZ_CHECK(frame_take(&f, wire[i], &again, &again_len) == (i == size - 1));
  FUZZ_CHECK(again_len == len && memcmp(again, content, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct frame f = {.len = 0};
  for (size_t i = 0; i < size; i++) {
    const uint8_t *content = NULL;
    size_t len = 0;
    if (!frame_take(&f, data[i], &content, &len))
      continue;
    FUZZ_CHECK(len >= 1 && len <= FRAME_CONTENT_MAX);
    take_again(content, len);
  }
  return 0;
}

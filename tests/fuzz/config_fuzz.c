/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway's configuration file. */
#include <string.h>

#include "config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_config config;
  struct wk_why why;
  char *text = malloc(size + 1);
  if (!text)
    abort();
  memcpy(text, data, size);
  text[size] = '\0';
  if (wk_config_parse(&config, text, size, "f", &why) == WK_OK)
    wk_config_free(&config);
  free(text);
  return 0;
}

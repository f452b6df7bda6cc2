/* SPDX-License-Identifier: Apache-2.0 */
/* A credential file; what is taken survives being written and read again. */
#include <string.h>

#include <whitekey/credential.h>
#include <whitekey/file.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_credential credential;
  struct wk_credential again;
  struct wk_why why;
  char *text = NULL;
  size_t len = 0;
  if (wk_credential_parse(&credential, (const char *)data, size, "f", &why) !=
      WK_OK)
    return 0;
  FUZZ_CHECK(wk_credential_write(&text, &len, &credential) == WK_OK);
  FUZZ_CHECK(wk_credential_parse(&again, text, len, "f", &why) == WK_OK);
  FUZZ_CHECK(memcmp(&credential, &again, sizeof again) == 0);
  wk_file_wipe(text, len);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A role's filter, and after a newline what a client asks for. */
#include <string.h>

#include <whitekey/role.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char filters[WK_ROLE_FILTERS_MAX] = "";
  char text[2048];
  struct wk_why why;
  if (size >= sizeof text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  char *asked = strchr(text, '\n');
  if (asked)
    *asked++ = '\0';
  if (wk_role_add(filters, text, &why) != WK_OK) {
    FUZZ_CHECK(filters[0] == '\0');
    return 0;
  }
  /* Whatever a role lists it covers; a name put in is one level. */
  if (!strchr(text, '%'))
    FUZZ_CHECK(wk_role_covers(filters, text, "d", "c"));
  if (asked && wk_role_covers(filters, asked, "d", "c"))
    FUZZ_CHECK(asked[0] != '$' || text[0] == '$');
  return 0;
}

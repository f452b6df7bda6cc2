/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - the owner's own data, out of the store: one reading a line, as
 * JWE that other tools open, or in clear as JSON.
 */
#ifndef WHITEKEY_GATEWAY_EXPORT_H
#define WHITEKEY_GATEWAY_EXPORT_H

#include <stdio.h>

#include "store.h"

struct wk_export {
  const char *topic; /* filter; NULL: every topic */
  uint64_t since;    /* only later numbers */
  bool json;         /* in clear */
};

/*
 * Writes to out. A row that does not open (changed, or moved to another
 * number, device or topic) is logged by its number and left out:
 * WK_ERR_FORGED at the end. WK_ERR_IO: the store or out.
 */
WK_MUST_CHECK enum wk_err wk_export(FILE *out, struct wk_store *store,
                                    const struct wk_data_key *key,
                                    const struct wk_export *what,
                                    struct wk_why *why);

#endif

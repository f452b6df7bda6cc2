/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - records on disk. One interface; this is the embedded store, an
 * SQLite file (store_sqlite.c).
 *
 * Every change stands between wk_store_begin() and wk_store_commit(); after a
 * commit returned WK_OK it survives power loss (WAL, synchronous = FULL).
 * Errors are WK_ERR_IO, WK_ERR_BUSY (another process writes) or
 * WK_ERR_CORRUPT, besides those named below.
 */
#ifndef WHITEKEY_REGISTRY_STORE_H
#define WHITEKEY_REGISTRY_STORE_H

#include "record.h"

#define WK_CHECK_LEN 16u

/* What a registry is, once for all. */
struct wk_store_head {
  uint8_t realm[WK_REALM_LEN];
  uint8_t check[WK_CHECK_LEN]; /* tells whether a master key belongs to it */
};

struct wk_store;

/* WK_ERR_EXISTS; the file appears whole or not at all, mode 0600. */
WK_MUST_CHECK enum wk_err wk_store_create(const char *path,
                                          const struct wk_store_head *head,
                                          struct wk_why *why);
/* WK_ERR_MISSING; *store NULL on failure. */
WK_MUST_CHECK enum wk_err wk_store_open(struct wk_store **store,
                                        const char *path,
                                        struct wk_store_head *head,
                                        struct wk_why *why);
void wk_store_close(struct wk_store *store);

WK_MUST_CHECK enum wk_err wk_store_begin(struct wk_store *store,
                                         struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_commit(struct wk_store *store,
                                          struct wk_why *why);
void wk_store_rollback(struct wk_store *store);

/* WK_ERR_MISSING; record is zeroed on failure. */
WK_MUST_CHECK enum wk_err wk_store_get(struct wk_store *store, const char *did,
                                       struct wk_record *record,
                                       struct wk_why *why);

/* Writes the whole record; chains that are not present are removed. */
WK_MUST_CHECK enum wk_err wk_store_put(struct wk_store *store,
                                       const struct wk_record *record,
                                       struct wk_why *why);

/* Remembers an anchor for good. WK_ERR_EXISTS: this device had it. */
WK_MUST_CHECK enum wk_err wk_store_anchor(struct wk_store *store,
                                          const char *did,
                                          const uint8_t anchor[WK_VALUE_LEN],
                                          struct wk_why *why);

/*
 * The first device after `after` by name ("" from the start).
 * WK_ERR_MISSING: there is none.
 */
WK_MUST_CHECK enum wk_err wk_store_next(struct wk_store *store,
                                        const char *after,
                                        struct wk_record *record,
                                        struct wk_why *why);

/* Changes when another connection committed. */
uint64_t wk_store_version(struct wk_store *store);

#endif

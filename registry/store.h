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

#include <whitekey/role.h>

#include "record.h"

#define WK_CHECK_LEN 16u

struct wk_store_head {
  /* What a registry is, once for all. */
  uint8_t realm[WK_REALM_LEN];
  uint8_t check[WK_CHECK_LEN]; /* tells whether a master key belongs to it */
  /* The server's runs (section 7), counted from 1. */
  uint32_t run;         /* the latest that began */
  bool clean;           /* and it ended clean */
  uint32_t unclean_run; /* the latest that did not; 0: none */
  int64_t not_before;   /* Unix seconds, after a restore; 0: never */
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
/* How long another process's write is waited for: 5 s unless told. */
void wk_store_set_patience(struct wk_store *store, int ms);
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

/*
 * Administration: writes the whole record and notes the change for the server
 * that runs; chains that are not present are removed.
 */
WK_MUST_CHECK enum wk_err wk_store_put(struct wk_store *store,
                                       const struct wk_record *record,
                                       struct wk_why *why);

/*
 * The server's own write: what logins change of a record. Leaves the state of
 * a revoked device alone. WK_ERR_CORRUPT: a chain has no row to be kept in.
 */
WK_MUST_CHECK enum wk_err wk_store_update(struct wk_store *store,
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

/*
 * Every device by name, quickly, for a server's start; `each` returns false to
 * end with WK_ERR_MEMORY.
 */
WK_MUST_CHECK enum wk_err
wk_store_load(struct wk_store *store,
              bool (*each)(void *context, const struct wk_record *record),
              void *context, struct wk_why *why);

/* ---- roles ---------------------------------------------------------------
 */

struct wk_role_record {
  uint8_t number; /* from 1 */
  struct wk_topic_role role;
};

/* WK_ERR_MISSING; role is zeroed on failure. */
WK_MUST_CHECK enum wk_err wk_store_role_get(struct wk_store *store,
                                            const char *name,
                                            struct wk_role_record *role,
                                            struct wk_why *why);
/* The first role after `after` by name. WK_ERR_MISSING: there is none. */
WK_MUST_CHECK enum wk_err wk_store_role_next(struct wk_store *store,
                                             const char *after,
                                             struct wk_role_record *role,
                                             struct wk_why *why);
/* Adds or replaces; notes the change. WK_ERR_SPACE. */
WK_MUST_CHECK enum wk_err wk_store_role_put(struct wk_store *store,
                                            const struct wk_topic_role *role,
                                            struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_role_remove(struct wk_store *store,
                                               const char *name,
                                               struct wk_why *why);
/* A device, not revoked, that has the role. WK_ERR_MISSING: none has. */
WK_MUST_CHECK enum wk_err wk_store_role_user(struct wk_store *store,
                                             uint8_t number,
                                             char did[WK_DID_MAX + 1],
                                             struct wk_why *why);

const char *wk_store_path(const struct wk_store *store);

/* Reads every page of the file. WK_ERR_CORRUPT: one is damaged. */
WK_MUST_CHECK enum wk_err wk_store_check(struct wk_store *store,
                                         struct wk_why *why);

/* ---- runs and changes, for the server ----------------------------------- */

/*
 * Begins a run: counts it, notes whether the one before ended unclean, forgets
 * the changes (the server loads everything next). head as it is afterwards.
 */
WK_MUST_CHECK enum wk_err wk_store_begin_run(struct wk_store *store,
                                             struct wk_store_head *head,
                                             struct wk_why *why);
/* Ends it clean. */
WK_MUST_CHECK enum wk_err wk_store_end_run(struct wk_store *store,
                                           struct wk_why *why);

/* Tells whether the store takes writes: one that leaves no trace. */
WK_MUST_CHECK enum wk_err wk_store_probe(struct wk_store *store,
                                         struct wk_why *why);

/* Sets head.not_before. */
WK_MUST_CHECK enum wk_err wk_store_not_before(struct wk_store *store,
                                              int64_t not_before,
                                              struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_head(struct wk_store *store,
                                        struct wk_store_head *head,
                                        struct wk_why *why);

/*
 * The first change after number *seq: its device's name, "" for a change of
 * roles, and *seq becomes its number. WK_ERR_MISSING: there is none.
 */
WK_MUST_CHECK enum wk_err wk_store_next_change(struct wk_store *store,
                                               int64_t *seq,
                                               char did[WK_DID_MAX + 1],
                                               struct wk_why *why);

/* Removes the changes up to seq: they were taken in. */
WK_MUST_CHECK enum wk_err wk_store_forget_changes(struct wk_store *store,
                                                  int64_t seq,
                                                  struct wk_why *why);

/*
 * Watches for changes on a connection of its own: true when there is a change
 * after seq. Nearly free while nobody committed; never waits for a writer.
 */
struct wk_watch;
WK_MUST_CHECK enum wk_err wk_watch_open(struct wk_watch **watch,
                                        const char *path, struct wk_why *why);
void wk_watch_close(struct wk_watch *watch);
bool wk_watch_changed(struct wk_watch *watch, int64_t seq);

/* The same for changes of one device; true, too, where that cannot be told. */
bool wk_watch_changed_device(struct wk_watch *watch, int64_t seq,
                             const char *did);

#endif

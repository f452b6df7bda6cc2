/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the gateway's memory: one SQLite file of sealed readings, and the
 * outbox of what has to be published.
 *
 * A reading and all that is published because of it are one transaction,
 * durable when wk_store_commit() returns. Posts leave the outbox once the
 * broker has acknowledged them, so a crash at any point repeats and never
 * loses. Sequence numbers only grow, through deletions and crashes too. The
 * store seals nothing: it is given what may lie on a disk.
 *
 * Every function may be called from any thread; between wk_store_begin() and
 * wk_store_commit() or wk_store_abort() the others wait.
 */
#ifndef WHITEKEY_GATEWAY_STORE_H
#define WHITEKEY_GATEWAY_STORE_H

#include "envelope.h"

struct wk_store;

/*
 * Opens the gateway's store, made with mode 0600 where none is, and keeps
 * other gateways out. WK_ERR_BUSY: one has it open. WK_ERR_KEY: sealed under
 * another key than this one. WK_ERR_CORRUPT: no gateway's store. WK_ERR_IO.
 * *store is the caller's to close, NULL on failure.
 */
WK_MUST_CHECK enum wk_err wk_store_open(struct wk_store **store,
                                        const char *path,
                                        const struct wk_data_key *key,
                                        struct wk_why *why);

/* To read only, beside a running gateway. WK_ERR_MISSING, and as above. */
WK_MUST_CHECK enum wk_err wk_store_look(struct wk_store **store,
                                        const char *path,
                                        const struct wk_data_key *key,
                                        struct wk_why *why);

void wk_store_close(struct wk_store *store);

/* ---- one reading ---------------------------------------------------------
 */

/*
 * Begins a transaction; *seq is the number of the reading to add. After WK_OK
 * exactly one of commit and abort must follow, from the same thread. A failed
 * commit has aborted. All: WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_store_begin(struct wk_store *store, uint64_t *seq,
                                         struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_add(struct wk_store *store,
                                       const struct wk_record *record,
                                       const uint8_t *sealed, size_t len,
                                       struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_post(struct wk_store *store,
                                        const char *topic, const char *payload,
                                        struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_store_commit(struct wk_store *store,
                                          struct wk_why *why);
void wk_store_abort(struct wk_store *store);

/* ---- the outbox ----------------------------------------------------------
 */

struct wk_post {
  int64_t id; /* grows; 0: none */
  char *topic;
  char *payload;
  size_t len;
};

/* The oldest post after the one with this id; WK_ERR_MISSING: there is none.
 * post needs wk_post_free(). WK_ERR_IO, WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_store_next_post(struct wk_store *store,
                                             int64_t after,
                                             struct wk_post *post,
                                             struct wk_why *why);
void wk_post_free(struct wk_post *post);

/* Forgets count posts that the broker has acknowledged, in one transaction.
 * WK_ERR_IO: they will be published again. */
WK_MUST_CHECK enum wk_err wk_store_posted(struct wk_store *store,
                                          const int64_t *ids, size_t count,
                                          struct wk_why *why);

/* ---- looking -------------------------------------------------------------
 */

/*
 * Calls each() for every row with seq > since, in order. The record's texts
 * and sealed live during the call. each() returns false to stop early.
 */
typedef bool wk_store_each_row(void *context, const struct wk_record *record,
                               const uint8_t *sealed, size_t len);
WK_MUST_CHECK enum wk_err wk_store_each(struct wk_store *store, uint64_t since,
                                        wk_store_each_row *each, void *context,
                                        struct wk_why *why);

#endif

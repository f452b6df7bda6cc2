/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest.h - the way of one reading: classify, seal, and one transaction with
 * the row and everything that is to be published because of it.
 */
#ifndef WHITEKEY_GATEWAY_INGEST_H
#define WHITEKEY_GATEWAY_INGEST_H

#include "routes.h"
#include "store.h"

/* What a reading meets on its way; all of it outlives the calls. */
struct wk_ingest {
  const struct wk_data_key *key;
  const struct wk_policy_rules *policy;
  const struct wk_routes *routes;
  struct wk_store *store;
};

/*
 * Takes a reading in. After WK_OK it is durable and may be acknowledged to the
 * broker; after a failure nothing of it was kept and it must not be.
 * WK_ERR_IO, WK_ERR_MEMORY.
 */
WK_MUST_CHECK enum wk_err wk_ingest(const struct wk_ingest *ingest,
                                    const char *topic, const uint8_t *payload,
                                    size_t len, int64_t now,
                                    struct wk_why *why);

#endif

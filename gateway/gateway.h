/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway.h - the gateway at work: one loop that keeps the connection, sends
 * what the outbox holds and forgets what was acknowledged.
 */
#ifndef WHITEKEY_GATEWAY_GATEWAY_H
#define WHITEKEY_GATEWAY_GATEWAY_H

#include <whitekey/client.h>

#include "ingest.h"

/*
 * Runs until SIGTERM or SIGINT. WK_ERR_IO: it could not begin, or stopped
 * while the store refused a reading (which the broker then still has).
 */
WK_MUST_CHECK enum wk_err wk_gateway_run(const struct wk_ingest *ingest,
                                         struct wk_client *client,
                                         struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - the same commands through a broker: a login of our own, as a
 * device of the role admin, and requests on $CONTROL/whitekey/v1. Nothing is
 * asked before the broker has proven with an X4 that it holds the registry.
 */
#ifndef WK_CLI_REMOTE_H
#define WK_CLI_REMOTE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "cli.h"

struct cli_remote;

/* WK_ERR_ARGUMENT (the place's broker is no URL), what wk_client_open() and
 * wk_client_next() give, WK_ERR_IO, WK_ERR_FORGED: no proof. */
WK_MUST_CHECK enum wk_err cli_remote_open(struct cli_remote **remote,
                                          const struct cli_place *place,
                                          struct wk_why *why);
void cli_remote_close(struct cli_remote *remote);

/* WK_REALM_LEN bytes: the registry that the broker proved to hold. */
const uint8_t *cli_remote_realm(const struct cli_remote *remote);

/* Nobody reads along: TLS, or a broker on this machine. */
bool cli_remote_is_private(const struct cli_remote *remote);

/*
 * One command, consumed. *data is the response's, the caller's to delete.
 * WK_ERR_ARGUMENT: the broker refused it, and why says what it said.
 */
WK_MUST_CHECK enum wk_err cli_remote_ask(struct cli_remote *remote,
                                         cJSON *command, cJSON **data,
                                         struct wk_why *why);

/* {"command": name, "d_id": did}; did may be NULL. */
cJSON *cli_remote_command(const char *name, const char *did);

/* Opens, asks one command (consumed), closes. */
WK_MUST_CHECK enum wk_err cli_remote_once(const struct cli_place *place,
                                          cJSON *command, cJSON **data,
                                          struct wk_why *why);

/* Asks for one device: {"device": ..}. */
WK_MUST_CHECK enum wk_err cli_remote_device(const struct cli_place *place,
                                            cJSON *command,
                                            struct wk_device_info *info,
                                            struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - what stands in the broker's memory instead of a spent password.
 *
 * The broker keeps the password of a CONNECT and shows it again when it
 * re-checks its sessions. The plugin overwrites it in place, after its
 * decision, with a token that never travels: whoever shows it is a session
 * that this process let in, and a password heard on the wire is never one.
 * See docs/adr/0003.
 */
#ifndef WHITEKEY_PLUGIN_TOKEN_H
#define WHITEKEY_PLUGIN_TOKEN_H

#include <stdbool.h>

#include <whitekey/bytes.h>
#include <whitekey/msg.h>
#include <whitekey/port.h>

#define WK_TOKEN_LEN (2u * WK_AES_BLOCK_LEN)
_Static_assert(WK_TOKEN_LEN < WK_B64_LEN(WK_X1_LEN),
               "a token fits where an accepted password was");

/* Overwrites an accepted password, which is at least M(X1) long. */
void wk_token_replace(char *password, const struct wk_port_aes *key,
                      const char *did, const char *client_id);

/* True when password is the token of this device under this client id. */
bool wk_token_valid(const char *password, const struct wk_port_aes *key,
                    const char *did, const char *client_id);

#endif

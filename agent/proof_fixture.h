/* SPDX-License-Identifier: Apache-2.0 */
/* proof_fixture.h - a device, and the server's answers to its logins. */
#ifndef WK_AGENT_PROOF_FIXTURE_H
#define WK_AGENT_PROOF_FIXTURE_H

#include "login.h"

/* A client in memory, chain of 256; the caller's to free. NULL: failed. */
struct wk_client *proof_client(struct wk_credential *credential);

/* What a local client asks for. */
struct wk_mqtt_connect proof_asked(enum wk_mqtt_version version);

/* The X4 for the login in the CONNECT, or AUTH, at the front of to_broker.
 * challenge: that it answers, or NULL. False: there is none. */
bool proof_answer(uint8_t x4[WK_X4_LEN], const struct login *login,
                  const struct wk_credential *credential,
                  const uint8_t *challenge);

/* The X4 that takes the X3 in the PUBLISH at the front of to_broker. */
bool proof_update(uint8_t x4[WK_X4_LEN], const struct login *login,
                  const struct wk_credential *credential);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* outgoing.h - how a packet of the agent's own gets behind what waits for the
 * broker. Everything that fails says so in login->why. */
#ifndef WK_AGENT_OUTGOING_H
#define WK_AGENT_OUTGOING_H

#include "login.h"

#define OUTGOING_OWN_MAX 512u /* any packet that is all the agent's */

/* Room for len bytes; what w then holds is sent by outgoing_end(), to which
 * err says whether it was written well. WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err outgoing_begin(struct login *login,
                                         struct wk_writer *w, size_t len);
WK_MUST_CHECK enum wk_err
outgoing_end(struct login *login, const struct wk_writer *w, enum wk_err err);

enum wk_err outgoing_full(struct login *login); /* WK_ERR_MEMORY */

struct wk_span outgoing_text(const char *text);

#endif

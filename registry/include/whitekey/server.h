/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - a registry that answers logins: every device in memory, every
 * decision of protocol section 4, and the reservation of section 7 that makes
 * a login durable without waiting for a disk.
 *
 * At most one server runs on a registry file (a lock sees to it; a second one
 * would accept each password twice). Other processes may administer the file
 * meanwhile (registry.h); the server notices. One thread calls everything but
 * wk_server_flush(); a background thread of the server's own writes.
 */
#ifndef WHITEKEY_SERVER_H
#define WHITEKEY_SERVER_H

#include <whitekey/registry.h>

struct wk_server;

/*
 * Loads the registry and takes its lock. Opening the same file again in one
 * process gives the same server, counted, if the key is its own. WK_ERR_BUSY:
 * another process serves it; else as wk_registry_open(). *server is NULL on
 * failure.
 */
WK_MUST_CHECK enum wk_err wk_server_open(struct wk_server **server,
                                         const char *path,
                                         const char *master_path,
                                         struct wk_why *why);

/* Writes everything back and marks the end clean; frees at the last close. */
void wk_server_close(struct wk_server *server);

/* WK_REALM_LEN bytes that live as long as the server. */
const uint8_t *wk_server_realm(const struct wk_server *server);

/* Starts the background writer. WK_ERR_MEMORY: no thread to be had. */
WK_MUST_CHECK enum wk_err wk_server_start_writer(struct wk_server *server,
                                                 struct wk_why *why);

/*
 * One step of the background writer, for callers without a thread: writes a
 * batch of changed records in one transaction. WK_ERR_MISSING: nothing was
 * left to write; else the store's error, after which logins are refused until
 * a later call succeeds.
 */
WK_MUST_CHECK enum wk_err wk_server_flush(struct wk_server *server,
                                          struct wk_why *why);

/*
 * Decides one attempt (section 4). What must be durable before the answer is:
 * a login beyond the promise, the first after an update, a switch, a
 * quarantine. Never fails: a store that does not answer is the reason `store`.
 */
enum wk_reason wk_server_login(struct wk_server *server,
                               const struct wk_policy *policy,
                               const struct wk_attempt *attempt,
                               struct wk_verdict *verdict);

/*
 * The X4 of an accepted login: for the CONNACK, or for the topic when the
 * client subscribes. Made on demand because most clients never ask.
 * WK_ERR_MISSING: the device is gone.
 */
WK_MUST_CHECK enum wk_err wk_server_reply(struct wk_server *server,
                                          const struct wk_accepted *session,
                                          int64_t now, enum wk_role role,
                                          uint8_t x4[WK_X4_LEN]);

/* A fresh challenge for a name, known or not (section 5). */
void wk_server_challenge(struct wk_server *server, const char *did,
                         struct wk_challenge *challenge);

/*
 * A key update (section 6.2): takes X3 from the session that sent it. Gives
 * the X4 that answers it: status 2 when it is stored, durably, 4 when refused.
 * WK_ERR_MALFORMED, WK_ERR_FORGED: it does not open, there is no answer.
 */
WK_MUST_CHECK enum wk_err wk_server_update(struct wk_server *server,
                                           struct wk_accepted *session,
                                           const uint8_t *x3, size_t len,
                                           int64_t now, uint8_t x4[WK_X4_LEN],
                                           enum wk_status *status);

/*
 * True when a session may go on: enabled, and not re-enrolled since. For
 * re-checks of live sessions; spends nothing.
 */
bool wk_server_admits(struct wk_server *server, const char *did,
                      uint32_t generation);

/* True when an enrolled device has this name, whatever its state. */
bool wk_server_knows(struct wk_server *server, const char *name);

/* True when the name was enrolled and may not log in: it is disabled,
 * quarantined or revoked. */
bool wk_server_bars(struct wk_server *server, const char *did);

/* What a device may do under its role. */
enum wk_permission { WK_MAY_PUBLISH, WK_MAY_SUBSCRIBE };

enum wk_permit {
  WK_PERMIT_FOREIGN, /* there never was a device of that name */
  WK_PERMIT_NO,      /* also a revoked device's answer */
  WK_PERMIT_YES
};

/*
 * Asks the device's role about a topic, or about a filter to be subscribed:
 * it must lie within one of the role's. client_id as wk_role_covers().
 */
enum wk_permit wk_server_permit(struct wk_server *server, const char *did,
                                const char *client_id, enum wk_permission what,
                                const char *topic);

/* True when the device's role is WK_ROLE_ADMIN. */
bool wk_server_is_admin(struct wk_server *server, const char *did);

/*
 * Takes in what other processes changed; cheap when nothing did. Gives a
 * number that grows with each such change, whoever noticed it, so that
 * sessions can be looked at again.
 */
uint64_t wk_server_catch_up(struct wk_server *server);

/* True when that number is another by now, or has to be; for any thread. */
bool wk_server_moved_on(struct wk_server *server, uint64_t from);

/*
 * The same without waiting for the disk: where the background writer runs it
 * takes the changes in, and the number grows a moment later.
 */
uint64_t wk_server_catch_up_soon(struct wk_server *server);

/* False while the store refuses to write; why then says how. */
bool wk_server_healthy(struct wk_server *server, struct wk_why *why);

/* Devices by state, changed records not yet written, and for how long at most
 * one of them has waited. */
struct wk_server_gauges {
  uint32_t devices[WK_DEVICE_REVOKED + 1];
  uint32_t unwritten;
  uint32_t lag_ms;
};
void wk_server_gauges(struct wk_server *server,
                      struct wk_server_gauges *gauges);

#endif

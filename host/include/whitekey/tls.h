/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS towards a broker, over a non-blocking socket of the caller's.
 *
 * A context says whom to trust and serves any number of connections; both are
 * for one thread. Nothing here waits: WK_TLS_READ and WK_TLS_WRITE tell what
 * the socket must be ready for before the same call makes sense again.
 */
#ifndef WHITEKEY_TLS_H
#define WHITEKEY_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <whitekey/err.h>
#include <whitekey/why.h>

#define WK_TLS_PIN_LEN 32u

/* Both may be asked for, and then both must hold. */
struct wk_tls_trust {
  /* PEM of authorities; NULL: Debian's, unless there is a pin. */
  const char *cafile;
  /* SHA-256 of the broker's own certificate (DER), or NULL. With a pin and
   * without a cafile nothing else is asked of it, not even its dates. */
  const uint8_t *pin;
};

struct wk_tls_context;
struct wk_tls;

/* WK_ERR_MISSING or WK_ERR_MALFORMED: the cafile; WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_tls_context_new(struct wk_tls_context **context,
                                             const struct wk_tls_trust *trust,
                                             struct wk_why *why);
/* After the last of its connections. NULL is allowed. */
void wk_tls_context_free(struct wk_tls_context *context);

/* name: what the broker is asked for (SNI) and what its certificate must be
 * for. fd stays the caller's. NULL when out of memory. */
struct wk_tls *wk_tls_new(const struct wk_tls_context *context, int fd,
                          const char *name);
void wk_tls_free(struct wk_tls *tls);

enum wk_tls_wants { WK_TLS_DONE, WK_TLS_READ, WK_TLS_WRITE, WK_TLS_FAILED };

/* WK_TLS_DONE: the peer is who it should be. WK_TLS_FAILED: why says it. */
WK_MUST_CHECK enum wk_tls_wants wk_tls_handshake(struct wk_tls *tls,
                                                 struct wk_why *why);

/*
 * As read(2) and write(2) on a non-blocking socket: a count, 0 at the end of
 * what the peer sends, or -1 with errno EAGAIN or ECONNRESET. What could not
 * be written has to be the beginning of what is written next.
 */
ssize_t wk_tls_read(struct wk_tls *tls, void *data, size_t len);
ssize_t wk_tls_write(struct wk_tls *tls, const void *data, size_t len);

/* Bytes are here already that no poll would tell of. */
bool wk_tls_pending(const struct wk_tls *tls);

/* Says goodbye as far as the socket takes it now. */
void wk_tls_end(struct wk_tls *tls);

#endif

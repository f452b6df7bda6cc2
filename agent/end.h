/* SPDX-License-Identifier: Apache-2.0 */
/*
 * end.h - one end of a session: a stream socket, with TLS or without, and what
 * it could not take yet.
 */
#ifndef WK_AGENT_END_H
#define WK_AGENT_END_H

#include <sys/types.h>

#include <whitekey/tls.h>

#include "buffer.h"
#include "watch.h"

#define END_OUT_MAX ((size_t)32 << 20)

struct end {
  struct watch watch;
  struct wk_tls *tls; /* NULL: none */
  struct buffer out;
};

/* As read(2): a count, 0 at the end, -1 and errno. */
ssize_t end_read(struct end *end, void *data, size_t len);

/* Sends what goes now and keeps the rest; false: the connection is lost. */
bool end_send(struct end *end, const void *data, size_t len);
bool end_flush(struct end *end);

/* Bytes wait here that no poll tells of. */
bool end_pending(const struct end *end);

/* Closes and frees; fd is -1 afterwards. */
void end_close(struct end *end);

#endif

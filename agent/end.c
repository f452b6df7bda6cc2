/* SPDX-License-Identifier: Apache-2.0 */
#include "end.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t end_read(struct end *end, void *data, size_t len) {
  if (end->tls)
    return wk_tls_read(end->tls, data, len);
  return recv(end->watch.fd, data, len, 0);
}

static ssize_t put(struct end *end, const void *data, size_t len) {
  if (end->tls)
    return wk_tls_write(end->tls, data, len);
  return send(end->watch.fd, data, len, MSG_NOSIGNAL);
}

static bool is_later(void) {
  return errno == EAGAIN || errno == EINTR;
}

bool end_flush(struct end *end) {
  while (end->out.len > 0) {
    const ssize_t sent = put(end, buffer_at(&end->out), end->out.len);
    if (sent < 0)
      return is_later();
    buffer_drop(&end->out, (size_t)sent);
  }
  return true;
}

bool end_send(struct end *end, const void *data, size_t len) {
  const uint8_t *at = data;
  while (end->out.len == 0 && len > 0) {
    const ssize_t sent = put(end, at, len);
    if (sent < 0 && !is_later())
      return false;
    if (sent < 0)
      break;
    at += sent;
    len -= (size_t)sent;
  }
  return buffer_add(&end->out, at, len, END_OUT_MAX);
}

bool end_pending(const struct end *end) {
  return end->tls && wk_tls_pending(end->tls);
}

void end_close(struct end *end) {
  if (end->tls)
    wk_tls_end(end->tls);
  wk_tls_free(end->tls);
  end->tls = NULL;
  if (end->watch.fd >= 0)
    (void)close(end->watch.fd); /* and epoll forgets it */
  end->watch.fd = -1;
  end->watch.added = false;
  buffer_end(&end->out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - where a broker is: mqtt://HOST[:PORT] or mqtts://HOST[:PORT]. */
#ifndef WHITEKEY_ADDRESS_H
#define WHITEKEY_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/err.h>

#define WK_HOST_MAX 255u

struct wk_address {
  bool tls;                   /* mqtts */
  char host[WK_HOST_MAX + 1]; /* a name or a number, IPv6 without brackets */
  uint16_t port;              /* 1883, or 8883 by TLS, where none is named */
};

/* An IPv6 address stands in brackets; user names and paths have no place.
 * WK_ERR_MALFORMED; address is zeroed. */
WK_MUST_CHECK enum wk_err wk_address_parse(struct wk_address *address,
                                           const char *url);

/* HOST:PORT behind the scheme. */
WK_MUST_CHECK enum wk_err wk_address_parse_place(struct wk_address *address,
                                                 const char *text);

#endif

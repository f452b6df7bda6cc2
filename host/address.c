/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/address.h>

#include <stdlib.h>
#include <string.h>

#define PORT 1883u
#define PORT_TLS 8883u

/* ":PORT", or nothing: the port that address holds already. */
static bool port_valid(struct wk_address *address, const char *text) {
  if (*text == '\0')
    return true;
  if (*text != ':')
    return false;
  const size_t digits = strspn(text + 1, "0123456789");
  if (digits < 1 || digits > 5 || text[1 + digits] != '\0')
    return false;
  const unsigned long port = strtoul(text + 1, NULL, 10);
  address->port = (uint16_t)port;
  return port >= 1 && port <= 65535;
}

static bool place_valid(struct wk_address *address, const char *text) {
  const bool bracket = *text == '[';
  const char *host = bracket ? text + 1 : text;
  const size_t len = strcspn(host, bracket ? "]/@ \t" : ":/@ \t");
  const char *rest = host + len;
  if (len == 0 || len > WK_HOST_MAX || (bracket && *rest++ != ']'))
    return false;
  memcpy(address->host, host, len);
  return port_valid(address, rest);
}

static enum wk_err done(struct wk_address *address, bool valid) {
  if (!valid)
    memset(address, 0, sizeof *address);
  return valid ? WK_OK : WK_ERR_MALFORMED;
}

enum wk_err wk_address_parse(struct wk_address *address, const char *url) {
  static const char plain[] = "mqtt://";
  static const char tls[] = "mqtts://";
  memset(address, 0, sizeof *address);
  address->tls = strncmp(url, tls, sizeof tls - 1) == 0;
  address->port = address->tls ? PORT_TLS : PORT;
  if (address->tls)
    return done(address, place_valid(address, url + sizeof tls - 1));
  return done(address, strncmp(url, plain, sizeof plain - 1) == 0 &&
                           place_valid(address, url + sizeof plain - 1));
}

enum wk_err wk_address_parse_place(struct wk_address *address,
                                   const char *text) {
  memset(address, 0, sizeof *address);
  address->port = PORT;
  return done(address, place_valid(address, text));
}

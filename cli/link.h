/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the connection behind remote.h: to a broker that has proven itself,
 * turned by hand. cli_remote_open() and cli_remote_close() are here too.
 */
#ifndef WK_CLI_LINK_H
#define WK_CLI_LINK_H

#include <mosquitto.h>

#include <whitekey/client.h>

#include "remote.h"

#define LINK_CONTROL "$CONTROL/whitekey/v1"

struct cli_remote {
  struct wk_client *client;
  struct mosquitto *mqtt;
  const char *url;
  char host[256];
  int port;
  bool tls;
  char trouble[128]; /* what the library said of it first, or empty */

  bool answered; /* by a CONNACK */
  int code;      /* the CONNACK's */
  uint8_t x4[WK_X4_LEN];
  size_t x4_len;
  bool lost;
  int refused;    /* the PUBACK's code when it is no success */
  char *response; /* NULL until it came */
  size_t response_len;
};

/* Turns the connection until done(), or says why not. WK_ERR_IO. */
WK_MUST_CHECK enum wk_err link_wait(struct cli_remote *remote,
                                    bool (*done)(const struct cli_remote *),
                                    struct wk_why *why);

/* QoS 1; what came of it is for link_wait(). WK_ERR_IO. */
WK_MUST_CHECK enum wk_err link_publish(struct cli_remote *remote,
                                       const char *topic, const char *text,
                                       struct wk_why *why);

/* Forgets the last response, wiped: it may hold a device's key. */
void link_forget(struct cli_remote *remote);

#endif

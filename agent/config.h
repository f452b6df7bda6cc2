/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the agent's settings, a file as whitekey/settings.h reads it. */
#ifndef WK_AGENT_CONFIG_H
#define WK_AGENT_CONFIG_H

#include <sys/types.h>

#include <whitekey/address.h>
#include <whitekey/client.h>
#include <whitekey/tls.h>

#define CONFIG_LISTEN_MAX 8u
#define CONFIG_USERS_MAX 32u
#define CONFIG_PATH_MAX 107u /* what a Unix socket's address takes */

struct config_listen {
  char path[CONFIG_PATH_MAX + 1]; /* of a Unix socket, or empty: TCP */
  struct wk_address address;      /* a loopback address in numbers */
};

struct config {
  struct wk_address broker;
  char *cafile;
  char *server_name; /* NULL: the broker's host */
  bool pinned;
  uint8_t pin[WK_TLS_PIN_LEN];
  char *credential; /* or */
  char *dongle;     /* the serial port of one that holds it */
  struct config_listen listen[CONFIG_LISTEN_MAX];
  size_t listen_count;
  uid_t users[CONFIG_USERS_MAX]; /* who may connect to a Unix socket */
  size_t user_count;             /* 0: whoever its file lets in */
  bool many;                     /* clients at the same time */
  bool challenge;                /* always, MQTT 5 alone */
  bool no_clock;                 /* this machine's is not to be trusted */
  enum wk_update_when key_update;
  uint32_t reserve;
};

/* WK_ERR_MISSING, WK_ERR_IO, WK_ERR_MALFORMED; config is zeroed on failure,
 * else it needs config_free(). */
WK_MUST_CHECK enum wk_err config_read(struct config *config, const char *path,
                                      struct wk_why *why);

/* The same from memory; where names it, text is changed. */
WK_MUST_CHECK enum wk_err config_parse(struct config *config, char *text,
                                       size_t len, const char *where,
                                       struct wk_why *why);

void config_free(struct config *config);

#endif

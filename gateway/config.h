/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the gateway's settings, a file as whitekey/settings.h reads it.
 */
#ifndef WHITEKEY_GATEWAY_CONFIG_H
#define WHITEKEY_GATEWAY_CONFIG_H

#include <stddef.h>

#include <whitekey/why.h>

#define WK_SUBSCRIBE_MAX 64u

struct wk_config {
  char *broker;        /* mqtt://HOST:PORT or mqtts://HOST:PORT */
  char *cafile;        /* PEM; NULL: the system's authorities */
  char *credential;    /* the gateway's own, as a WhiteKey device */
  char *key;           /* JWK */
  char *policy;        /* YAML */
  char *store;         /* SQLite */
  char *base;          /* prefix of the state topic; NULL: by device name */
  char *key_update;    /* quarter, session or never; NULL: quarter */
  char *sealed_prefix; /* private parts go to PREFIX/TOPIC */
  char *subscribe[WK_SUBSCRIBE_MAX]; /* filters of the readings */
  size_t subscribe_count;
};

/*
 * Reads a configuration file and fills in defaults. WK_ERR_MISSING,
 * WK_ERR_IO, WK_ERR_MALFORMED; config is zeroed on failure, else it needs
 * wk_config_free().
 */
WK_MUST_CHECK enum wk_err wk_config_read(struct wk_config *config,
                                         const char *path, struct wk_why *why);

/* The same from memory; where names the text in errors. text is changed. */
WK_MUST_CHECK enum wk_err wk_config_parse(struct wk_config *config, char *text,
                                          size_t len, const char *where,
                                          struct wk_why *why);

void wk_config_free(struct wk_config *config);

#endif

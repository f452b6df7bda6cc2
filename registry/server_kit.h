/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_kit.h - for tests of the server: a registry in a folder of its own
 * with one device, "d", whose chain C has N values, and the server on it.
 */
#ifndef WHITEKEY_REGISTRY_SERVER_KIT_H
#define WHITEKEY_REGISTRY_SERVER_KIT_H

#include <whitekey/server.h>

#define NOW INT64_C(1790000000)
#define N 512u

struct server_kit {
  char folder[64], db[96], key[96];
  struct wk_server *server; /* NULL while nobody serves */
  struct wk_policy policy;
  struct wk_why why;
  struct wk_id id; /* the device's, as are ks and bio_id */
  uint8_t ks[WK_KS_LEN], bio_id[WK_BIO_LEN];
  struct wk_verdict verdict; /* of the last login */
};
extern struct server_kit srv;

/* For TestSuite(): srv_begin() serves, too. */
void srv_begin(void);
void srv_end(void);
void srv_serve(void);

/* x[i] of the chain of that epoch. */
void srv_value(uint8_t x[WK_VALUE_LEN], uint32_t epoch, uint32_t i);

/* A login with a valid message; the second: of epoch 0, in a second of its
 * own. */
enum wk_reason srv_login_at(uint32_t epoch, uint32_t index, int64_t now);
enum wk_reason srv_login(uint32_t index);

#endif

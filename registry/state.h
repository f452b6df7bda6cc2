/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - an open registry, shared by registry.c (files, administration)
 * and login.c (logins).
 */
#ifndef WHITEKEY_REGISTRY_STATE_H
#define WHITEKEY_REGISTRY_STATE_H

#include "store.h"
#include "wrap.h"

struct wk_registry {
  struct wk_store *store;
  uint8_t realm[WK_REALM_LEN];
  uint8_t master[WK_MASTER_LEN];
  uint8_t wrap_key[WK_WRAP_KEY_LEN];
  struct wk_record decoy; /* stands in for devices that are not there */
};

#endif

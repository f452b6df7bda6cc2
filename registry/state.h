/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - an open registry, shared by registry.c (files), admin.c, roles.c
 * (administration), acting.c (on whose behalf) and login.c (logins).
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
  struct wk_record decoy;     /* stands in for devices that are not there */
  char actor[WK_DID_MAX + 1]; /* "": whoever may read the files */
  uint32_t actor_generation;
  bool denied; /* the actor, since it came */
};

/* A change begins, if the actor may make it, and ends as err has it. */
WK_MUST_CHECK enum wk_err wk_registry_begin(struct wk_registry *registry,
                                            struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_registry_finish(struct wk_registry *registry,
                                             enum wk_err err,
                                             struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.h - what a file-based device or a user's phone holds (protocol
 * section 8): a JSON file of mode 0600. The struct is a secret: wipe it.
 */
#ifndef WHITEKEY_CREDENTIAL_H
#define WHITEKEY_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/chain.h>
#include <whitekey/why.h>

#define WK_CREDENTIAL_FILE_MAX 16384u /* bytes */
#define WK_REFUSALS_MAX 7u            /* 1, 2, 4 .. 64 indices: section 2 */
#define WK_TURNS 4u
#define WK_RESERVE_MAX WK_SKIP_MAX

/* One chain of one epoch. */
struct wk_credential_chain {
  bool present;
  uint32_t epoch;
  uint32_t n;
  uint8_t seed[WK_SEED_LEN];
  uint32_t next;     /* index of the next message, 1..n + 1; n + 1: spent */
  uint32_t refusals; /* steps of the skip-ahead used since the last success,
                        0..WK_REFUSALS_MAX */
};

/* An open key update (section 6): the chain of the next epoch, kept beside
 * the old one until the server's answers tell which of the two is valid. */
struct wk_credential_update {
  struct wk_credential_chain chain;
  uint32_t after; /* index of the login in whose session it began */
  uint32_t turn;  /* 0..WK_TURNS - 1: which chain is next, section 8 */
};

struct wk_credential {
  struct wk_id id;
  uint32_t generation;
  uint8_t ks[WK_KS_LEN];
  uint8_t bio_id[WK_BIO_LEN];
  uint32_t time; /* the highest sent, as far as `reserved` is 0 */
  /* So many indices below next were put aside for a program that has not
   * ended yet, or not cleanly: what time it sent last is not known. */
  uint32_t reserved;
  struct wk_credential_chain c;
  struct wk_credential_chain d;
  struct wk_credential_update c_update; /* member "update" of the entry */
  struct wk_credential_update d_update;
};

/*
 * Text of the JSON file -> struct; where names the file in errors.
 * WK_ERR_MALFORMED; credential is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_credential_parse(struct wk_credential *credential,
                                              const char *text, size_t len,
                                              const char *where,
                                              struct wk_why *why);

/* Struct -> JSON text; *text is the caller's for wk_file_wipe().
 * WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err
wk_credential_write(char **text, size_t *len,
                    const struct wk_credential *credential);

/* A fresh seed for a chain of length n, epoch 0, next 1. */
void wk_credential_chain_new(struct wk_credential_chain *chain, uint32_t n);

/* x[0] of a chain: n steps. */
void wk_credential_anchor(uint8_t anchor[WK_VALUE_LEN], const struct wk_id *id,
                          enum wk_role role,
                          const struct wk_credential_chain *chain);

void wk_credential_wipe(struct wk_credential *credential);

#endif

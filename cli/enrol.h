/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrol.h - what `whitekey enrol` does the same way whether the device's
 * credential becomes a file or is inside a dongle.
 */
#ifndef WK_CLI_ENROL_H
#define WK_CLI_ENROL_H

#include <whitekey/credential.h>

#include "registrar.h"

struct enrol_input {
  struct cli_device device;
  const char *template_path;
  const char *out;
  const char *user_out; /* NULL: the user's chain goes into out */
  const char *port;     /* of a dongle, instead of out; NULL: none */
  const char *role;
  uint32_t length;
  bool user;
  bool erase; /* what the dongle holds, first */
};

/* Tells of a name that is taken and a folder that is full or closed, before
 * anything changes. */
WK_MUST_CHECK enum wk_err enrol_try_out(const char *out, struct wk_why *why);

/* What the registry is told, but for chain C's anchor and bio_id. */
WK_MUST_CHECK enum wk_err enrol_begin(struct wk_enrolment *device,
                                      struct wk_credential *credential,
                                      const struct registrar *registrar,
                                      const struct enrol_input *input,
                                      struct wk_why *why);

WK_MUST_CHECK enum wk_err
enrol_write_out(const struct wk_credential *credential, const char *out,
                struct wk_why *why);

/* A device whose credential nobody has must not stay enrolled. Gives err, and
 * a sentence that says how that went. */
enum wk_err enrol_take_back(struct registrar *registrar, const char *did,
                            enum wk_err err, struct wk_why *why);

/*
 * The whole of it with a dongle: it computes its chain, the registry gets the
 * anchor, the dongle its key. credential gets what is not inside: generation,
 * and a user's chain where one is wanted, which is written then.
 */
WK_MUST_CHECK enum wk_err enrol_dongle(const struct enrol_input *input,
                                       struct wk_credential *credential,
                                       struct wk_why *why);

#endif

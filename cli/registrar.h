/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registrar.h - where a device is enrolled: on the registry's file, or through
 * a broker, which gets the enrolment alone. Seeds are made by who enrols and
 * stay there.
 */
#ifndef WK_CLI_REGISTRAR_H
#define WK_CLI_REGISTRAR_H

#include "cli.h"
#include "remote.h"

struct registrar {
  struct cli_office office;
  struct cli_remote *remote; /* NULL: on the file */
  const char *url;
};

/*
 * What cli_office_open() or cli_remote_open() gives. WK_ERR_ARGUMENT: the
 * broker is another machine's and there is no TLS, but an enrolment is
 * answered with the device's key.
 */
WK_MUST_CHECK enum wk_err registrar_open(struct registrar *registrar,
                                         const struct cli_place *place,
                                         struct wk_why *why);
void registrar_close(struct registrar *registrar);

/* WK_REALM_LEN bytes that live as long as the registrar is open. */
const uint8_t *registrar_realm(const struct registrar *registrar);

/* As wk_registry_enrol(), and audited. */
WK_MUST_CHECK enum wk_err registrar_enrol(struct registrar *registrar,
                                          const struct wk_enrolment *device,
                                          uint32_t *generation,
                                          uint8_t ks[WK_KS_LEN],
                                          struct wk_why *why);

/* Takes an enrolment back. */
WK_MUST_CHECK enum wk_err registrar_revoke(struct registrar *registrar,
                                           const char *did,
                                           struct wk_why *why);

#endif

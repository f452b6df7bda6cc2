/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - administration by JSON (schemas/control-request.schema.json):
 * commands in, responses out. Changes go through the functions that the
 * command line uses, and are audited with who asked. No broker, no
 * authorisation: the caller has seen to that.
 */
#ifndef WHITEKEY_PLUGIN_COMMANDS_H
#define WHITEKEY_PLUGIN_COMMANDS_H

#include <whitekey/audit.h>

#define WK_COMMANDS_MAX 64u           /* of one request */
#define WK_COMMANDS_BYTES_MAX 262144u /* of a request */
#define WK_COMMANDS_PAGE_MAX 500u     /* devices of one listDevices */

struct wk_commands {
  struct wk_registry *registry;
  struct wk_audit *audit;
  const char *by;      /* the device that asks */
  const char *metrics; /* Prometheus text; NULL: out of memory */
};

/*
 * The response to a request, NUL-terminated JSON for free(); NULL when out of
 * memory. It may hold an enrolled device's key: wipe it.
 */
char *wk_commands_answer(const struct wk_commands *office, const char *text,
                         size_t len);

/* The same for a request that no command of is looked at. */
char *wk_commands_refuse(struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what the subcommands of `whitekey` share: where the registry is,
 * how arguments are read, and how a failure ends.
 */
#ifndef WK_CLI_H
#define WK_CLI_H

#include <argp.h>
#include <stdint.h>

#include <whitekey/audit.h>
#include <whitekey/registry.h>

#define EXIT_USAGE 2 /* beside EXIT_SUCCESS and EXIT_FAILURE */

/* ---- subcommands -------------------------------------------------------- */

/* argv[0] is "whitekey NAME". Gives the exit status. */
typedef int cli_run(int argc, char **argv);

cli_run cli_init, cli_enrol, cli_otp, cli_list, cli_show, cli_enable,
    cli_disable, cli_revoke, cli_release, cli_set_role, cli_role_command,
    cli_metrics, cli_audit, cli_fingerprint, cli_restore, cli_finger, cli_site;

/* ---- arguments ---------------------------------------------------------- */

/* The registry's two files: option, environment, default, in this order. */
struct cli_place {
  const char *registry;
  const char *master;
  /* A broker to ask instead; NULL: none. */
  const char *broker;
  const char *credential;
  const char *cafile;
};

/* Children for a subcommand's struct argp; their input is a cli_place. */
extern const struct argp_child cli_place_child[];    /* both options */
extern const struct argp_child cli_where_child[];    /* and a broker's */
extern const struct argp_child cli_registry_child[]; /* --registry alone */

/* For ARGP_KEY_INIT: defaults into place, place to the child. */
void cli_place_init(struct cli_place *place, struct argp_state *state);

/* What commands about one device are given. */
struct cli_device {
  struct cli_place place;
  const char *did;
};

/*
 * The parser of such a command, or the rest of its parser: D_ID and the place.
 * The input is a cli_device or begins with one.
 */
error_t cli_device_parse(int key, char *arg, struct argp_state *state);

/* Parses argv or ends the program: exit 0 after --help, else EXIT_USAGE. */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The same, words and options in the order they stand. */
void cli_parse_in_order(const struct argp *argp, int argc, char **argv,
                        void *input);

/* Ends with EXIT_USAGE: nobody asked for this word. */
void cli_stray(struct argp_state *state, const char *word);

/* A whole number within min..max; ends with EXIT_USAGE otherwise. */
uint32_t cli_number(struct argp_state *state, const char *option,
                    const char *text, uint32_t min, uint32_t max);

/* A device's name as the protocol has it; ends with EXIT_USAGE otherwise. */
const char *cli_did(struct argp_state *state, const char *text);

/* A role's name; ends with EXIT_USAGE otherwise. */
const char *cli_role(struct argp_state *state, const char *text);

/* ---- work --------------------------------------------------------------- */

/* Logs the sentence; gives EXIT_FAILURE. */
int cli_fail(const struct wk_why *why);

/* Standard output was written whole, or the failure is logged. */
int cli_finish(void);

/* A registry to be changed, and where the act is written down. */
struct cli_office {
  struct wk_registry *registry;
  struct wk_audit *audit;
};

/* Opens both, or neither: no act without its line in the audit file. */
WK_MUST_CHECK enum wk_err cli_office_open(struct cli_office *office,
                                          const struct cli_place *place,
                                          struct wk_why *why);
/* Warns where the act was done and could not be written down. */
void cli_office_close(struct cli_office *office);

#endif

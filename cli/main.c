/* SPDX-License-Identifier: Apache-2.0 */
/* whitekey - enrols devices, makes passwords, looks after the registry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>
#include <whitekey/nearest.h>

#include "cli.h"

static const struct command {
  const char *name;
  cli_run *run;
  const char *doc;
} commands[] = {
    {"init", cli_init, "Make a registry and its master key"},
    {"enrol", cli_enrol, "Enrol a device and write its credential"},
    {"otp", cli_otp, "Print a device's next one-time password"},
    {"list", cli_list, "List the devices"},
    {"show", cli_show, "Show one device"},
    {"enable", cli_enable, "Let a disabled device log in again"},
    {"disable", cli_disable, "Refuse a device until it is enabled"},
    {"release", cli_release, "Let a quarantined device log in again"},
    {"revoke", cli_revoke, "Forget a device's keys for good"},
    {"set-role", cli_set_role, "Give a device another role"},
    {"role", cli_role_command, "List, show, set or remove roles"},
    {"restore", cli_restore, "Say that the registry came from a backup"},
    {"metrics", cli_metrics, "Print what a running broker counts"},
    {"audit", cli_audit, "Print the logins and the operators' acts"},
    {"fingerprint", cli_fingerprint, "Show a fingerprint template's digest"},
    {"finger", cli_finger, "Teach a dongle another finger"},
    {"site", cli_site, "Print a dongle's secret for a purpose"},
};
#define COUNT (sizeof commands / sizeof *commands)

/* What stands on the command line after the program's own options. */
struct input {
  const struct command *command;
  int argc;
  char **argv;
};

static void unknown(struct argp_state *state, const char *name) {
  const char *names[COUNT];
  for (size_t i = 0; i < COUNT; i++)
    names[i] = commands[i].name;
  argp_error(state, "there is no command \"%s\": did you mean \"%s\"?", name,
             wk_nearest(name, names, COUNT));
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case ARGP_KEY_ARG:
    for (size_t i = 0; i < COUNT; i++) {
      if (strcmp(arg, commands[i].name) == 0)
        input->command = &commands[i];
    }
    if (!input->command)
      unknown(state, arg);
    input->argc = state->argc - state->next + 1;
    input->argv = &state->argv[state->next - 1];
    state->next = state->argc; /* the rest is the command's own */
    return 0;
  case ARGP_KEY_NO_ARGS:
    argp_error(state, "which command?");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

int main(int argc, char **argv) {
  static char name[64] = "whitekey";
  struct argp_option options[COUNT + 1] = {{0}};
  struct input input = {NULL, 0, NULL};
  const struct argp argp = {
      .options = options,
      .parser = parse,
      .args_doc = "COMMAND [ARGUMENT...]",
      .doc = "One-time-password logins for MQTT devices.\vEvery command "
             "explains itself: whitekey COMMAND --help.\n\n"
             "Exit status: 0 done, 1 failed, 2 the command line was wrong."};
  for (size_t i = 0; i < COUNT; i++)
    options[i] = (struct argp_option){.name = commands[i].name,
                                      .flags = OPTION_DOC,
                                      .doc = commands[i].doc,
                                      .group = (int)i}; /* keeps the order */
  wk_log_init("whitekey", WK_LOG_NOTICE, NULL);
  argp_err_exit_status = EXIT_USAGE;
  argp_program_version = "whitekey " WK_VERSION;
  if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &input) != 0)
    return EXIT_FAILURE;
  (void)snprintf(name, sizeof name, "whitekey %s", input.command->name);
  input.argv[0] = name;
  return input.command->run(input.argc, input.argv);
}

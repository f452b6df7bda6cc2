/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <whitekey/client.h>

#include "touch.h"

struct input {
  const char *path;
  const char *port;      /* of a dongle, instead of path */
  const char *user_path; /* NULL: no user, or the user's chain is in path */
  uint32_t count;
  bool no_time;
};

static const struct argp_option options[] = {
    {"credential", 'c', "FILE", 0, "The device's credential", 0},
    {"dongle", 'd', "PORT", 0,
     "The serial port of a dongle that holds it instead", 0},
    {"user-credential", 'u', "FILE", 0,
     "The user's credential, where it is a file of its own", 0},
    {"count", 'n', "K", 0, "Print K passwords, one a line (default: 1)", 0},
    {"no-time", 'T', NULL, 0, "Send no time, as a device without a clock", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case 'c':
    input->path = arg;
    return 0;
  case 'd':
    input->port = arg;
    return 0;
  case 'u':
    input->user_path = arg;
    return 0;
  case 'n':
    input->count = cli_number(state, "count", arg, 1, WK_CHAIN_LEN_MAX);
    return 0;
  case 'T':
    input->no_time = true;
    return 0;
  case ARGP_KEY_ARG:
    cli_stray(state, arg);
    return 0;
  case ARGP_KEY_END:
    if (!input->path == !input->port)
      argp_error(state, "--credential FILE or --dongle PORT is needed");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const char doc[] =
    "Prints a device's next one-time password.\v"
    "Each password logs in once, within two minutes. It is marked as spent "
    "in the file before it is printed, so two runs at once never print the "
    "same one; a password that is not used is skipped. A dongle does the same "
    "inside.\n\n"
    "  mosquitto_pub -u thermo-1 -P \"$(whitekey otp -c thermo-1.json)\" ...";

/* user: NULL where nobody else has a part in the login. */
static enum wk_err print_next(struct wk_client *client, struct wk_client *user,
                              const char *port, struct wk_why *why) {
  struct wk_otp otp;
  struct touch touch = {.port = port};
  char text[WK_PASSWORD_MAX + 1];
  enum wk_err err = WK_OK;
  do
    err = wk_client_next(client, NULL, &otp, why);
  while (port && touch_again(&touch, err));
  if (err == WK_OK && user)
    err = wk_client_user(user, NULL, &otp, why);
  if (err == WK_OK) {
    wk_otp_password(&otp, text);
    (void)puts(text);
  }
  wk_wipe(&otp, sizeof otp);
  wk_wipe(text, sizeof text);
  return err;
}

static enum wk_err open_both(struct wk_client **client,
                             struct wk_client **user,
                             const struct input *input, struct wk_why *why) {
  wk_clock *clock = input->no_time ? NULL : wk_clock_system;
  enum wk_err err =
      input->port
          ? wk_client_open_dongle(client, input->port, clock, NULL, why)
          : wk_client_open(client, input->path, clock, NULL, why);
  if (err == WK_OK && input->user_path)
    err = wk_client_open_user(user, input->user_path, clock, NULL, why);
  return err;
}

int cli_otp(int argc, char **argv) {
  const struct argp argp = {.options = options, .parser = parse, .doc = doc};
  struct input input = {.path = NULL, .count = 1, .no_time = false};
  struct wk_client *client = NULL;
  struct wk_client *user = NULL;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  enum wk_err err = open_both(&client, &user, &input, &why);
  int status = EXIT_SUCCESS;
  for (uint32_t i = 0; i < input.count && err == WK_OK && status == 0; i++) {
    err = print_next(client, user, input.port, &why);
    if (err == WK_OK)
      status = cli_finish();
  }
  wk_client_free(client);
  wk_client_free(user);
  return err == WK_OK ? status : cli_fail(&why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `whitekey finger` and `whitekey site`: what a dongle with a sensor does
 * beside passwords. */
#include <stdbool.h>
#include <stdio.h>

#include <whitekey/bytes.h>
#include <whitekey/dongle.h>

#include "cli.h"
#include "touch.h"

struct input {
  const char *port;
  const char *label;
  bool wants_label;
};

static const struct argp_option options[] = {
    {"dongle", 'd', "PORT", 0, "The serial port of the dongle", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case 'd':
    input->port = arg;
    return 0;
  case ARGP_KEY_ARG:
    if (!input->wants_label || input->label)
      cli_stray(state, arg);
    input->label = arg;
    return 0;
  case ARGP_KEY_END:
    if (!input->port)
      argp_error(state, "--dongle PORT is needed");
    if (input->wants_label && !input->label)
      argp_error(state, "a secret for what?");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* Two looks at the new finger; the old one then says that it may. */
static enum wk_err replace(struct wk_dongle *dongle, const struct input *input,
                           struct wk_why *why) {
  static const char *const what[] = {" with the new finger",
                                     " with the new finger once more",
                                     " with the old finger"};
  enum wk_err err = WK_OK;
  (void)fprintf(stderr, "%s: the new finger first, then the old one\n",
                input->port);
  for (uint8_t step = 1; step <= 3 && err == WK_OK; step++) {
    struct touch touch = {.port = input->port, .what = what[step - 1]};
    do
      err = wk_dongle_finger(dongle, step, why);
    while (touch_again(&touch, err));
  }
  if (err == WK_OK)
    printf("%s: the new finger opens it, the old one no more\n", input->port);
  return err;
}

static enum wk_err site(struct wk_dongle *dongle, const struct input *input,
                        struct wk_why *why) {
  struct touch touch = {.port = input->port};
  uint8_t secret[WK_HASH_LEN];
  char text[WK_B64_LEN(WK_HASH_LEN) + 1];
  enum wk_err err = WK_OK;
  do
    err = wk_dongle_site(dongle, input->label, secret, why);
  while (touch_again(&touch, err));
  if (err == WK_OK) {
    wk_b64_write(text, secret, sizeof secret);
    (void)puts(text);
    wk_wipe(text, sizeof text);
  }
  wk_wipe(secret, sizeof secret);
  return err;
}

static int run(const struct argp *argp, int argc, char **argv,
               struct input *input) {
  struct wk_dongle *dongle = NULL;
  struct wk_why why;
  cli_parse(argp, argc, argv, input);
  enum wk_err err = wk_dongle_open(&dongle, input->port, &why);
  if (err == WK_OK)
    err = input->wants_label ? site(dongle, input, &why)
                             : replace(dongle, input, &why);
  wk_dongle_close(dongle);
  return err == WK_OK ? cli_finish() : cli_fail(&why);
}

int cli_finger(int argc, char **argv) {
  static const char doc[] =
      "Teaches a dongle another finger.\v"
      "The new one is wanted twice, then the old one. Passwords go on; only "
      "the new finger opens the dongle from then on.";
  const struct argp argp = {.options = options, .parser = parse, .doc = doc};
  struct input input = {.wants_label = false};
  return run(&argp, argc, argv, &input);
}

int cli_site(int argc, char **argv) {
  static const char doc[] =
      "Prints a dongle's secret for a purpose, once its finger was there.\v"
      "Base64url of 32 bytes: the same for a label until the dongle is "
      "erased, and nothing that any other label tells.";
  const struct argp argp = {
      .options = options, .parser = parse, .args_doc = "LABEL", .doc = doc};
  struct input input = {.wants_label = true};
  return run(&argp, argc, argv, &input);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* restore: the operator says that the registry's file came from a backup. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_FORMAT "%Y-%m-%dT%H:%M:%SZ"
#define MAX_SKEW_MAX 86400u

struct input {
  struct cli_place place;
  int64_t at;
  bool at_given;
  uint32_t max_skew;
};

static const struct argp_option options[] = {
    {"at", 'a', "TIME", 0,
     "No login was accepted after TIME, as in 2026-11-22T05:00:00Z; now by "
     "default",
     0},
    {"max-skew", 's', "SECONDS", 0,
     "The broker's max_skew option; 120 by default", 0},
    {0}};

static int64_t past_time(struct argp_state *state, const char *text) {
  struct tm utc = {.tm_isdst = 0};
  const char *end = strptime(text, TIME_FORMAT, &utc);
  if (!end || *end != '\0')
    argp_error(state, "--at: \"%s\" is no time like 2026-11-22T05:00:00Z",
               text);
  const int64_t at = (int64_t)timegm(&utc);
  if (at < 0 || at > (int64_t)time(NULL))
    argp_error(state, "--at: %s is not in the past", text);
  return at;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    cli_place_init(&input->place, state);
    return 0;
  case 'a':
    input->at = past_time(state, arg);
    input->at_given = true;
    return 0;
  case 's':
    input->max_skew = cli_number(state, "--max-skew", arg, 0, MAX_SKEW_MAX);
    return 0;
  case ARGP_KEY_ARG:
    cli_stray(state, arg);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const char doc[] =
    "Says that the registry was restored from a backup, before the broker is "
    "started.\v"
    "The backup does not know the passwords that were spent since: messages "
    "from before, and those without a time, are refused from now on (reason "
    "clock), unless they answer a challenge. Clocks may differ by the "
    "broker's max_skew, so devices get in again that much later.\n\n"
    "Devices that changed their chain since the backup must be enrolled "
    "again (reason epoch).";

#define TIME_SIZE sizeof "0000-00-00T00:00:00Z"

static void write_time(char text[TIME_SIZE], int64_t at) {
  const time_t when = (time_t)at;
  struct tm utc;
  memcpy(text, "0000-00-00T00:00:00Z", TIME_SIZE);
  if (gmtime_r(&when, &utc))
    (void)strftime(text, TIME_SIZE, TIME_FORMAT, &utc);
}

static bool latest(void *context, const struct wk_device_info *device) {
  int64_t *at = context;
  if (device->login_at > *at)
    *at = device->login_at;
  return true;
}

/* A machine whose clock nobody has set yet would have what was spent after
 * that time let in again. */
static enum wk_err check_clock(struct wk_registry *registry, int64_t at,
                               struct wk_why *why) {
  char login_text[TIME_SIZE];
  char text[TIME_SIZE];
  int64_t login_at = 0;
  const enum wk_err err = wk_registry_list(registry, latest, &login_at, why);
  if (err != WK_OK || login_at <= at)
    return err;
  write_time(login_text, login_at);
  write_time(text, at);
  return wk_fail(why, WK_ERR_ARGUMENT,
                 "the backup knows of a login at %s, and this machine's clock "
                 "says %s: set it, or give --at",
                 login_text, text);
}

int cli_restore(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse,
                            .doc = doc,
                            .children = cli_place_child};
  struct wk_policy policy;
  struct cli_office office;
  struct wk_why why;
  int64_t not_before = 0;
  wk_policy_init(&policy);
  struct input input = {.at = (int64_t)time(NULL),
                        .max_skew = policy.max_skew};
  cli_parse(&argp, argc, argv, &input);
  enum wk_err err = cli_office_open(&office, &input.place, &why);
  if (err != WK_OK)
    return cli_fail(&why);
  err = input.at_given ? WK_OK : check_clock(office.registry, input.at, &why);
  if (err == WK_OK)
    err = wk_registry_restore(office.registry, input.at, input.max_skew,
                              &not_before, &why);
  if (err == WK_OK)
    wk_audit_admin(office.audit, "restore", NULL);
  cli_office_close(&office);
  if (err != WK_OK)
    return cli_fail(&why);
  char text[TIME_SIZE];
  write_time(text, not_before);
  (void)printf("logins count from %s on\n", text);
  return cli_finish();
}

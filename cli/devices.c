/* SPDX-License-Identifier: Apache-2.0 */
/* list and show: what the registry knows of devices, never a secret. */
#include "cli.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/report.h>

#include "remote.h"
#include "style.h"

#define PAGE 500 /* devices of an answer, the most that may be asked for */

struct input {
  struct cli_device device; /* list's is nameless */
  bool json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

/* ---- one device --------------------------------------------------------- */

/* {"d_id", "state", ...} on one line; false where memory ran out. */
static bool print_json(const struct wk_device_info *info) {
  cJSON *device = wk_device_json(info);
  char *text = device ? cJSON_PrintUnformatted(device) : NULL;
  if (text)
    (void)fputs(text, stdout);
  cJSON_free(text);
  cJSON_Delete(device);
  return text != NULL;
}

static enum style style_of(enum wk_device_state state) {
  static const enum style styles[] = {
      [WK_DEVICE_ENABLED] = STYLE_GOOD,
      [WK_DEVICE_DISABLED] = STYLE_WARN,
      [WK_DEVICE_QUARANTINED] = STYLE_BAD,
      [WK_DEVICE_REVOKED] = STYLE_PLAIN,
  };
  return styles[state];
}

/* ---- list --------------------------------------------------------------- */

struct listing {
  bool json;
  bool failed;
  uint32_t count;
};

static void print_head(void) {
  style_print(STYLE_HEAD, "DEVICE", 33);
  style_print(STYLE_HEAD, "STATE", 13);
  style_print(STYLE_HEAD, "ROLE", 12);
  style_print(STYLE_HEAD, "USED", 16);
  style_print(STYLE_HEAD, "USER", 6);
  style_print(STYLE_HEAD, "ENROLLED", 18);
  style_print(STYLE_HEAD, "LAST LOGIN", 0);
  (void)putchar('\n');
}

static void print_row(const struct wk_device_info *info) {
  char used[32] = "-";
  char enrolled[STYLE_TIME_MAX];
  char login[STYLE_TIME_MAX];
  if (info->c.present)
    (void)snprintf(used, sizeof used, "%" PRIu32 "/%" PRIu32, info->c.last,
                   info->c.n);
  style_time(enrolled, info->enrolled_at);
  style_time(login, info->login_at);
  style_print(STYLE_PLAIN, info->did, 33);
  style_print(style_of(info->state), wk_device_state_name(info->state), 13);
  style_print(STYLE_PLAIN, info->role, 12);
  style_print(STYLE_PLAIN, used, 16);
  style_print(STYLE_PLAIN, info->d.present ? "yes" : "no", 6);
  style_print(STYLE_PLAIN, enrolled, 18);
  style_print(STYLE_PLAIN, login, 0);
  (void)putchar('\n');
}

static bool each(void *context, const struct wk_device_info *info) {
  struct listing *listing = context;
  if (listing->json) {
    (void)fputs(listing->count == 0 ? "[\n" : ",\n", stdout);
    listing->failed = !print_json(info);
  } else {
    if (listing->count == 0)
      print_head();
    print_row(info);
  }
  listing->count++;
  return !listing->failed && !ferror(stdout);
}

static error_t parse_list(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  if (key == ARGP_KEY_INIT)
    cli_place_init(&input->device.place, state);
  else if (key == 'j')
    input->json = true;
  else if (key == ARGP_KEY_ARG)
    cli_stray(state, arg);
  else
    return ARGP_ERR_UNKNOWN;
  return 0;
}

static enum wk_err list_file(const struct cli_place *place,
                             struct listing *listing, struct wk_why *why) {
  struct wk_registry *registry = NULL;
  enum wk_err err =
      wk_registry_open(&registry, place->registry, place->master, why);
  if (err == WK_OK)
    err = wk_registry_list(registry, each, listing, why);
  wk_registry_close(registry);
  return err;
}

/* One page; *after becomes the name to go on after, or empty. */
static enum wk_err list_page(struct cli_remote *remote, const char *url,
                             char after[WK_DID_MAX + 1],
                             struct listing *listing, struct wk_why *why) {
  cJSON *data = NULL;
  cJSON *command = cli_remote_command("listDevices", NULL);
  (void)cJSON_AddStringToObject(command, "after", after);
  (void)cJSON_AddNumberToObject(command, "count", PAGE);
  enum wk_err err = cli_remote_ask(remote, command, &data, why);
  if (err != WK_OK)
    return err;
  const cJSON *device = NULL;
  cJSON_ArrayForEach(device,
                     cJSON_GetObjectItemCaseSensitive(data, "devices")) {
    struct wk_device_info info;
    err = wk_device_read(&info, device, url, why);
    if (err != WK_OK || !each(listing, &info))
      break;
  }
  const cJSON *next = cJSON_GetObjectItemCaseSensitive(data, "next");
  (void)snprintf(after, WK_DID_MAX + 1, "%s",
                 cJSON_IsString(next) ? next->valuestring : "");
  cJSON_Delete(data);
  return err;
}

static enum wk_err list_remote(const struct cli_place *place,
                               struct listing *listing, struct wk_why *why) {
  struct cli_remote *remote = NULL;
  char after[WK_DID_MAX + 1] = "";
  enum wk_err err = cli_remote_open(&remote, place, why);
  while (err == WK_OK) {
    err = list_page(remote, place->broker, after, listing, why);
    if (after[0] == '\0' || listing->failed)
      break;
  }
  cli_remote_close(remote);
  return err;
}

int cli_list(int argc, char **argv) {
  const struct argp argp = {
      .options = options,
      .parser = parse_list,
      .doc = "Lists the devices by name.\v"
             "USED counts the passwords spent, of all in the device's chain. "
             "A device whose USER is \"yes\" needs a user's password too. A "
             "revoked device keeps its line: its name has a history.",
      .children = cli_where_child};
  struct input input = {.json = false};
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  struct listing listing = {input.json, false, 0};
  enum wk_err err = input.device.place.broker
                        ? list_remote(&input.device.place, &listing, &why)
                        : list_file(&input.device.place, &listing, &why);
  if (err == WK_OK && listing.failed)
    err = wk_fail(&why, WK_ERR_MEMORY, "out of memory");
  if (err != WK_OK)
    return cli_fail(&why);
  if (input.json)
    (void)puts(listing.count == 0 ? "[]" : "\n]");
  return cli_finish();
}

/* ---- show --------------------------------------------------------------- */

static void print_chain(const char *name, uint32_t epoch, uint32_t n,
                        uint32_t last, bool pending) {
  (void)printf("%-12s%" PRIu32 " of %" PRIu32
               " passwords spent, epoch %" PRIu32 "%s\n",
               name, last, n, epoch, pending ? ", an update is pending" : "");
}

static void print_device(const struct wk_device_info *info) {
  char text[STYLE_TIME_MAX];
  (void)printf("%-12s%s\n", "device", info->did);
  (void)printf("%-12s", "state");
  style_print(style_of(info->state), wk_device_state_name(info->state), 0);
  (void)printf("\n%-12s%s", "role", info->role);
  (void)printf("\n%-12s%" PRIu32 "\n", "generation", info->generation);
  style_time(text, info->enrolled_at);
  (void)printf("%-12s%s\n", "enrolled", text);
  style_time(text, info->login_at);
  (void)printf("%-12s%s\n", "last login", text);
  if (info->c.present)
    print_chain("chain", info->c.epoch, info->c.n, info->c.last,
                info->c.pending);
  if (info->d.present)
    print_chain("user chain", info->d.epoch, info->d.n, info->d.last,
                info->d.pending);
}

static error_t parse_show(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  if (key != 'j')
    return cli_device_parse(key, arg, state);
  input->json = true;
  return 0;
}

static enum wk_err show_file(const struct input *input,
                             struct wk_device_info *info, struct wk_why *why) {
  struct wk_registry *registry = NULL;
  enum wk_err err = wk_registry_open(&registry, input->device.place.registry,
                                     input->device.place.master, why);
  if (err == WK_OK)
    err = wk_registry_get(registry, input->device.did, info, why);
  wk_registry_close(registry);
  return err;
}

int cli_show(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse_show,
                            .args_doc = "D_ID",
                            .doc =
                                "Shows what the registry knows of a device.",
                            .children = cli_where_child};
  struct input input = {.json = false};
  struct wk_device_info info;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  const enum wk_err err =
      input.device.place.broker
          ? cli_remote_device(
                &input.device.place,
                cli_remote_command("getDevice", input.device.did), &info, &why)
          : show_file(&input, &info, &why);
  if (err != WK_OK)
    return cli_fail(&why);
  if (!input.json)
    print_device(&info);
  else if (print_json(&info))
    (void)putchar('\n');
  else
    return cli_fail(&(struct wk_why){"out of memory"});
  return cli_finish();
}

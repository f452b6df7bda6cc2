/* SPDX-License-Identifier: Apache-2.0 */
#include "enrol.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/dongle.h>
#include <whitekey/file.h>
#include <whitekey/random.h>

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0,
     "Where the device's credential goes (never overwritten)", 0},
    {"dongle", 'd', "PORT", 0,
     "The serial port of a dongle that makes its credential inside", 0},
    {"erase", 'e', NULL, 0, "Erase what the dongle holds first", 0},
    {"length", 'n', "N", 0,
     "Logins until a new chain is needed (default: 65536)", 0},
    {"user", 'u', NULL, 0,
     "Every login also needs a user's password, from a chain of its own", 0},
    {"user-out", 'U', "FILE", 0,
     "The same, and the user's chain goes into this file, for the user's "
     "phone "
     "alone",
     0},
    {"template", 't', "FILE", 0,
     "A fingerprint template of 256 or 512 bytes; without one the device is "
     "unattended",
     0},
    {"role", 'R', "ROLE", 0,
     "What it may publish and subscribe (default: what the name has, device "
     "for a new one)",
     0},
    {0},
};

/* A credential is inside a dongle, or goes into a file. */
static void check_dongle(const struct enrol_input *input,
                         struct argp_state *state) {
  const uint32_t n = input->length;
  if (!input->port) {
    if (input->erase)
      argp_error(state, "--erase is for --dongle");
    return;
  }
  if (input->out || input->template_path)
    argp_error(state, "--out and --template are not for --dongle, which "
                      "makes its credential itself");
  if (input->user && !input->user_out)
    argp_error(state, "--user needs --user-out FILE with --dongle");
  if (n < WK_DONGLE_N_MIN || n > WK_DONGLE_N_MAX || (n & (n - 1)) != 0)
    argp_error(state,
               "--length %u: a dongle's is a power of two from %u to "
               "%u",
               (unsigned)n, (unsigned)WK_DONGLE_N_MIN,
               (unsigned)WK_DONGLE_N_MAX);
}

static error_t parse_rest(int key, char *arg, struct argp_state *state) {
  const struct enrol_input *input = state->input;
  const error_t err = cli_device_parse(key, arg, state);
  if (key != ARGP_KEY_END)
    return err;
  if (!input->out && !input->port)
    argp_error(state, "--out FILE or --dongle PORT is needed");
  check_dongle(input, state);
  if (input->out && input->user_out &&
      strcmp(input->user_out, input->out) == 0)
    argp_error(state, "--out and --user-out are one file");
  return err;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct enrol_input *input = state->input;
  switch (key) {
  case 'o':
    input->out = arg;
    return 0;
  case 'd':
    input->port = arg;
    return 0;
  case 'e':
    input->erase = true;
    return 0;
  case 'n':
    input->length =
        cli_number(state, "length", arg, WK_CHAIN_ENROL_MIN, WK_CHAIN_LEN_MAX);
    return 0;
  case 'u':
    input->user = true;
    return 0;
  case 'U':
    input->user = true;
    input->user_out = arg;
    return 0;
  case 't':
    input->template_path = arg;
    return 0;
  case 'R':
    input->role = cli_role(state, arg);
    return 0;
  default:
    return parse_rest(key, arg, state);
  }
}

static const char doc[] =
    "Enrols a device and writes its credential, a secret that the device "
    "alone may hold.\v"
    "A known name is enrolled again: its old credential is worthless from "
    "then on, and a quarantine ends.\n\n"
    "  whitekey enrol thermo-1 --out thermo-1.json\n"
    "  whitekey enrol door-1 --dongle /dev/ttyUSB0";

enum wk_err enrol_try_out(const char *out, struct wk_why *why) {
  static const uint8_t blank[2048];
  enum wk_err err = wk_file_create(out, blank, sizeof blank, 0600, why);
  if (err == WK_ERR_EXISTS)
    return wk_fail(why, err,
                   "%s: stands there already, and a credential is never "
                   "overwritten",
                   out);
  if (err == WK_OK && unlink(out) != 0)
    err = wk_fail(why, WK_ERR_IO, "%s: cannot be removed", out);
  return err;
}

static enum wk_err make_bio_id(uint8_t bio_id[WK_BIO_LEN], const char *path,
                               struct wk_why *why) {
  char *tmpl = NULL;
  size_t len = 0;
  if (!path) {
    wk_random(bio_id, WK_BIO_LEN);
    return WK_OK;
  }
  enum wk_err err = wk_file_read(&tmpl, &len, path, 65536, why);
  if (err == WK_OK && wk_bio_id(bio_id, (uint8_t *)tmpl, len) != WK_OK)
    err = wk_fail(why, WK_ERR_MALFORMED,
                  "%s: a template has %u or %u bytes, not %zu", path,
                  WK_CHARFILE_LEN, WK_TEMPLATE_LEN, len);
  wk_file_wipe(tmpl, len);
  return err;
}

static void enrol_chain(struct wk_enrolled_chain *public,
                        struct wk_credential_chain *chain,
                        const struct wk_id *id, enum wk_role role,
                        uint32_t length) {
  wk_credential_chain_new(chain, length);
  public->present = true;
  public->epoch = chain->epoch;
  public->n = chain->n;
  wk_credential_anchor(public->anchor, id, role, chain);
}

enum wk_err enrol_begin(struct wk_enrolment *device,
                        struct wk_credential *credential,
                        const struct registrar *registrar,
                        const struct enrol_input *input, struct wk_why *why) {
  const char *did = input->device.did;
  struct wk_id *id = &credential->id;
  memset(device, 0, sizeof *device);
  enum wk_err err =
      wk_id_init(id, registrar_realm(registrar), did, strlen(did));
  if (err != WK_OK)
    return wk_fail(why, err, "\"%s\": no name for a device", did);
  memcpy(device->did, id->did, sizeof device->did);
  (void)snprintf(device->role, sizeof device->role, "%s",
                 input->role ? input->role : "");
  if (input->user)
    enrol_chain(&device->d, &credential->d, id, WK_ROLE_D, input->length);
  return WK_OK;
}

static enum wk_err register_device(struct registrar *registrar,
                                   const struct enrol_input *input,
                                   struct wk_credential *credential,
                                   struct wk_why *why) {
  struct wk_enrolment device;
  enum wk_err err = enrol_begin(&device, credential, registrar, input, why);
  if (err == WK_OK) {
    memcpy(device.bio_id, credential->bio_id, WK_BIO_LEN);
    enrol_chain(&device.c, &credential->c, &credential->id, WK_ROLE_C,
                input->length);
    err = registrar_enrol(registrar, &device, &credential->generation,
                          credential->ks, why);
  }
  wk_wipe(&device, sizeof device);
  return err;
}

enum wk_err enrol_write_out(const struct wk_credential *credential,
                            const char *out, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_credential_write(&text, &len, credential);
  if (err == WK_OK)
    err = wk_file_create(out, text, len, 0600, why);
  else
    (void)wk_fail(why, err, "%s: out of memory", out);
  wk_file_wipe(text, len);
  return err;
}

/* Neither file alone makes a login: what one thief finds is not enough. */
static enum wk_err write_apart(const struct wk_credential *credential,
                               const struct enrol_input *input,
                               struct wk_why *why) {
  struct wk_credential part = *credential;
  memset(&part.d, 0, sizeof part.d);
  enum wk_err err = enrol_write_out(&part, input->out, why);
  if (err == WK_OK) {
    part = *credential;
    memset(&part.c, 0, sizeof part.c);
    err = enrol_write_out(&part, input->user_out, why);
    if (err != WK_OK)
      (void)unlink(input->out); /* worthless now, and in the way */
  }
  wk_credential_wipe(&part);
  return err;
}

enum wk_err enrol_take_back(struct registrar *registrar, const char *did,
                            enum wk_err err, struct wk_why *why) {
  const struct wk_why cause = *why;
  const bool done = registrar_revoke(registrar, did, NULL) == WK_OK;
  return wk_fail(why, err, "%.400s: %s %s", cause.text, did,
                 done ? "was revoked again: enrol it anew"
                      : "has no credential now: revoke it or enrol it anew");
}

static enum wk_err enrol_file(const struct enrol_input *input,
                              struct wk_credential *credential,
                              struct wk_why *why) {
  struct registrar registrar;
  enum wk_err err = registrar_open(&registrar, &input->device.place, why);
  if (err != WK_OK)
    return err;
  err = make_bio_id(credential->bio_id, input->template_path, why);
  if (err == WK_OK)
    err = enrol_try_out(input->out, why);
  if (err == WK_OK && input->user_out)
    err = enrol_try_out(input->user_out, why);
  if (err == WK_OK)
    err = register_device(&registrar, input, credential, why);
  if (err == WK_OK) {
    err = input->user_out ? write_apart(credential, input, why)
                          : enrol_write_out(credential, input->out, why);
    if (err != WK_OK)
      err = enrol_take_back(&registrar, input->device.did, err, why);
  }
  registrar_close(&registrar);
  return err;
}

static void tell(const struct enrol_input *input,
                 const struct wk_credential *credential) {
  (void)printf("%s: enrolled for %u logins, generation %u\n",
               input->device.did, (unsigned)input->length,
               (unsigned)credential->generation);
  if (credential->generation > 0)
    (void)puts("what it had before is worthless now");
  if (input->port)
    (void)printf("dongle: %s\n", input->port);
  else
    (void)printf("credential: %s\n", input->out);
  if (input->user_out)
    (void)printf("user's credential: %s\n", input->user_out);
}

int cli_enrol(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse,
                            .args_doc = "D_ID",
                            .doc = doc,
                            .children = cli_where_child};
  struct enrol_input input = {.length = WK_CHAIN_LEN_DEFAULT};
  struct wk_credential credential = {.generation = 0};
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  const enum wk_err err = input.port ? enrol_dongle(&input, &credential, &why)
                                     : enrol_file(&input, &credential, &why);
  if (err == WK_OK)
    tell(&input, &credential);
  wk_credential_wipe(&credential);
  return err == WK_OK ? cli_finish() : cli_fail(&why);
}

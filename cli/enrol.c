/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/credential.h>
#include <whitekey/file.h>
#include <whitekey/random.h>

#include "registrar.h"

struct input {
  struct cli_device device;
  const char *template_path;
  const char *out;
  const char *user_out; /* NULL: the user's chain goes into out */
  const char *role;
  uint32_t length;
  bool user;
};

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0,
     "Where the device's credential goes (needed; never overwritten)", 0},
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

static error_t parse_rest(int key, char *arg, struct argp_state *state) {
  const struct input *input = state->input;
  const error_t err = cli_device_parse(key, arg, state);
  if (key == ARGP_KEY_END && !input->out)
    argp_error(state, "--out FILE is needed");
  else if (key == ARGP_KEY_END && input->user_out &&
           strcmp(input->user_out, input->out) == 0)
    argp_error(state, "--out and --user-out are one file");
  return err;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case 'o':
    input->out = arg;
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
    "  whitekey enrol thermo-1 --out thermo-1.json";

/* Also tells of a folder that is full or closed, before anything changes. */
static enum wk_err try_out(const char *out, struct wk_why *why) {
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

static enum wk_err register_device(struct registrar *registrar,
                                   const struct input *input,
                                   struct wk_credential *credential,
                                   struct wk_why *why) {
  struct wk_enrolment device = {.did = ""};
  const char *did = input->device.did;
  struct wk_id *id = &credential->id;
  enum wk_err err =
      wk_id_init(id, registrar_realm(registrar), did, strlen(did));
  if (err != WK_OK)
    return wk_fail(why, err, "\"%s\": no name for a device", did);
  memcpy(device.did, id->did, sizeof device.did);
  memcpy(device.bio_id, credential->bio_id, WK_BIO_LEN);
  (void)snprintf(device.role, sizeof device.role, "%s",
                 input->role ? input->role : "");
  enrol_chain(&device.c, &credential->c, id, WK_ROLE_C, input->length);
  if (input->user)
    enrol_chain(&device.d, &credential->d, id, WK_ROLE_D, input->length);
  err = registrar_enrol(registrar, &device, &credential->generation,
                        credential->ks, why);
  wk_wipe(&device, sizeof device);
  return err;
}

static enum wk_err write_out(const struct wk_credential *credential,
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
                               const struct input *input, struct wk_why *why) {
  struct wk_credential part = *credential;
  memset(&part.d, 0, sizeof part.d);
  enum wk_err err = write_out(&part, input->out, why);
  if (err == WK_OK) {
    part = *credential;
    memset(&part.c, 0, sizeof part.c);
    err = write_out(&part, input->user_out, why);
    if (err != WK_OK)
      (void)unlink(input->out); /* worthless now, and in the way */
  }
  wk_credential_wipe(&part);
  return err;
}

/* A device whose credential nobody has must not stay enrolled. */
static enum wk_err take_back(struct registrar *registrar, const char *did,
                             enum wk_err err, struct wk_why *why) {
  const struct wk_why cause = *why;
  const bool done = registrar_revoke(registrar, did, NULL) == WK_OK;
  return wk_fail(why, err, "%.400s: %s %s", cause.text, did,
                 done ? "was revoked again: enrol it anew"
                      : "has no credential now: revoke it or enrol it anew");
}

static enum wk_err enrol(struct registrar *registrar,
                         const struct input *input,
                         struct wk_credential *credential,
                         struct wk_why *why) {
  enum wk_err err = make_bio_id(credential->bio_id, input->template_path, why);
  if (err == WK_OK)
    err = try_out(input->out, why);
  if (err == WK_OK && input->user_out)
    err = try_out(input->user_out, why);
  if (err == WK_OK)
    err = register_device(registrar, input, credential, why);
  if (err != WK_OK)
    return err;
  err = input->user_out ? write_apart(credential, input, why)
                        : write_out(credential, input->out, why);
  return err == WK_OK ? WK_OK
                      : take_back(registrar, input->device.did, err, why);
}

int cli_enrol(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse,
                            .args_doc = "D_ID",
                            .doc = doc,
                            .children = cli_where_child};
  struct input input = {.length = WK_CHAIN_LEN_DEFAULT};
  struct wk_credential credential = {.generation = 0};
  struct registrar registrar;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  if (registrar_open(&registrar, &input.device.place, &why) != WK_OK)
    return cli_fail(&why);
  const enum wk_err err = enrol(&registrar, &input, &credential, &why);
  if (err == WK_OK)
    (void)printf("%s: enrolled for %u logins, generation %u\n"
                 "credential: %s\n",
                 input.device.did, (unsigned)input.length,
                 (unsigned)credential.generation, input.out);
  if (err == WK_OK && input.user_out)
    (void)printf("user's credential: %s\n", input.user_out);
  wk_credential_wipe(&credential);
  registrar_close(&registrar);
  return err == WK_OK ? cli_finish() : cli_fail(&why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whitekey-registry-shell FOLDER: the real server's decisions for tests of
 * the dongle, without a broker. Makes a registry in an empty folder; reads a
 * command a line, answers "= RESULT..." or "! SENTENCE".
 *
 *   realm                     in hex, as all bytes
 *   enrol DID N ANCHOR BIO    Ks; the server serves from then on
 *   login DID PASSWORD NOW    its reason, and the X4 where that is ok
 *   x3 MESSAGE NOW            the X4, in the session of the last login
 *   save                      keeps the registry as it is
 *   load                      back to that, as if nothing had happened since
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/server.h>

#define LINE_MAX_LEN 1024u

static char path[PATH_MAX], saved[PATH_MAX], master[PATH_MAX];
static struct wk_server *server;
static struct wk_accepted session;

static const char *word(char **rest) {
  const char *found = strtok_r(NULL, " \n", rest);
  return found ? found : "";
}

static void print_hex(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    printf("%02x", data[i]);
}

static void parse_hex(uint8_t *out, size_t len, const char *hex) {
  memset(out, 0, len);
  for (size_t i = 0; i < len && strlen(hex) >= 2 * i + 2; i++) {
    const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
    out[i] = (uint8_t)strtoul(digits, NULL, 16);
  }
}

static bool serve(void) {
  struct wk_why why;
  if (wk_server_open(&server, path, master, &why) == WK_OK)
    return true;
  printf("! %s\n", why.text);
  return false;
}

static void do_realm(char **rest) {
  struct wk_registry *registry = NULL;
  (void)rest;
  if (wk_registry_open(&registry, path, master, NULL) == WK_OK) {
    fputs("= ", stdout);
    print_hex(wk_registry_realm(registry), WK_REALM_LEN);
  }
  puts("");
  wk_registry_close(registry);
}

static void do_enrol(char **rest) {
  struct wk_registry *registry = NULL;
  struct wk_enrolment device = {.c = {.present = true}};
  struct wk_why why = {.text = ""};
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  (void)snprintf(device.did, sizeof device.did, "%s", word(rest));
  device.c.n = (uint32_t)strtoul(word(rest), NULL, 10);
  parse_hex(device.c.anchor, WK_VALUE_LEN, word(rest));
  parse_hex(device.bio_id, WK_BIO_LEN, word(rest));
  enum wk_err err = wk_registry_open(&registry, path, master, &why);
  if (err == WK_OK)
    err = wk_registry_enrol(registry, &device, &generation, ks, &why);
  wk_registry_close(registry);
  if (err != WK_OK) {
    printf("! %s\n", why.text);
    return;
  }
  if (!serve())
    return;
  fputs("= ", stdout);
  print_hex(ks, sizeof ks);
  puts("");
}

static void do_login(char **rest) {
  struct wk_attempt attempt = {.did = ""};
  struct wk_policy policy;
  struct wk_verdict verdict;
  uint8_t x4[WK_X4_LEN] = {0};
  const char *did = word(rest);
  wk_policy_init(&policy);
  wk_attempt_password(&attempt, did, word(rest));
  attempt.now = strtol(word(rest), NULL, 10);
  const enum wk_reason reason =
      wk_server_login(server, &policy, &attempt, &verdict);
  printf("= %s ", wk_reason_name(reason, false));
  if (reason == WK_REASON_OK) {
    session = verdict.accepted;
    if (wk_server_reply(server, &session, attempt.now, WK_ROLE_C, x4) == WK_OK)
      print_hex(x4, sizeof x4);
  }
  puts("");
}

static void do_x3(char **rest) {
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  enum wk_status status;
  parse_hex(x3, sizeof x3, word(rest));
  const long now = strtol(word(rest), NULL, 10);
  if (wk_server_update(server, &session, x3, sizeof x3, now, x4, &status) !=
      WK_OK) {
    puts("! no X3 of this session");
    return;
  }
  fputs("= ", stdout);
  print_hex(x4, sizeof x4);
  puts("");
}

static bool copy(const char *from, const char *to) {
  static char bytes[1 << 16];
  FILE *in = fopen(from, "rb");
  FILE *out = fopen(to, "wb");
  size_t len = 0;
  while (in && out && (len = fread(bytes, 1, sizeof bytes, in)) > 0)
    (void)fwrite(bytes, 1, len, out);
  const bool opened = in && out;
  if (in)
    (void)fclose(in);
  return (!out || fclose(out) == 0) && opened;
}

static void do_save(char **rest) {
  (void)rest;
  wk_server_close(server);
  if (!copy(path, saved))
    puts("! it cannot be copied");
  else if (serve())
    puts("=");
}

static void do_load(char **rest) {
  (void)rest;
  wk_server_close(server);
  if (!copy(saved, path))
    puts("! it cannot be copied");
  else if (serve())
    puts("=");
}

static const struct command {
  const char *name;
  void (*run)(char **rest);
} commands[] = {
    {"realm", do_realm}, {"enrol", do_enrol}, {"login", do_login},
    {"x3", do_x3},       {"save", do_save},   {"load", do_load},
};

static void obey(char *line) {
  char *rest = NULL;
  const char *name = strtok_r(line, " \n", &rest);
  for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(name, commands[i].name) == 0) {
      commands[i].run(&rest);
      return;
    }
  }
  printf("! no command %s\n", name ? name : "");
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_LEN];
  struct wk_why why;
  if (argc != 2) {
    (void)fputs("usage: whitekey-registry-shell FOLDER\n", stderr);
    return 2;
  }
  (void)snprintf(path, sizeof path, "%s/registry.db", argv[1]);
  (void)snprintf(saved, sizeof saved, "%s/saved.db", argv[1]);
  (void)snprintf(master, sizeof master, "%s/master.key", argv[1]);
  if (wk_registry_create(path, master, &why) != WK_OK) {
    (void)fprintf(stderr, "whitekey-registry-shell: %s\n", why.text);
    return 1;
  }
  while (fgets(line, sizeof line, stdin)) {
    obey(line);
    (void)fflush(stdout);
  }
  wk_server_close(server);
  return 0;
}

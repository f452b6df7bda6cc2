/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>
#include <whitekey/id.h>

#define FILE_MAX 65536u

struct input {
  const char *path;
  bool md5;
};

static const struct argp_option options[] = {
    {"md5", '5', NULL, 0, "The MD5 digest, as older tools show it", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case '5':
    input->md5 = true;
    return 0;
  case ARGP_KEY_ARG:
    if (input->path)
      cli_stray(state, arg);
    input->path = arg;
    return 0;
  case ARGP_KEY_END:
    if (!input->path)
      argp_error(state, "which file?");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const char doc[] =
    "Shows a fingerprint template's digest, to be compared by eye.\v"
    "It is the first half of SHA-256. MD5 is broken: --md5 only finds again "
    "what an older tool has shown. Neither is a secret, and neither is what "
    "the protocol makes of the template.";

static enum wk_err digest(uint8_t out[WK_FINGERPRINT_LEN],
                          const struct input *input, struct wk_why *why) {
  char *data = NULL;
  size_t len = 0;
  uint8_t full[MBEDTLS_MD_MAX_SIZE];
  const mbedtls_md_info_t *md = mbedtls_md_info_from_type(
      input->md5 ? MBEDTLS_MD_MD5 : MBEDTLS_MD_SHA256);
  enum wk_err err = wk_file_read(&data, &len, input->path, FILE_MAX, why);
  if (err != WK_OK)
    return err;
  if (len == 0)
    err = wk_fail(why, WK_ERR_MALFORMED, "%s: is empty", input->path);
  else if (!md || mbedtls_md(md, (const uint8_t *)data, len, full) != 0)
    err = wk_fail(why, WK_ERR_IO, "this mbedTLS has no such digest");
  wk_file_wipe(data, len);
  if (err == WK_OK)
    memcpy(out, full, WK_FINGERPRINT_LEN);
  return err;
}

int cli_fingerprint(int argc, char **argv) {
  const struct argp argp = {
      .options = options, .parser = parse, .args_doc = "FILE", .doc = doc};
  struct input input = {NULL, false};
  struct wk_why why;
  uint8_t bytes[WK_FINGERPRINT_LEN];
  cli_parse(&argp, argc, argv, &input);
  if (digest(bytes, &input, &why) != WK_OK)
    return cli_fail(&why);
  for (size_t i = 0; i < sizeof bytes; i++)
    (void)printf("%s%02x", i == 0 ? "" : ":", bytes[i]);
  (void)putchar('\n');
  return cli_finish();
}

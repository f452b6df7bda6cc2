/* SPDX-License-Identifier: Apache-2.0 */
/* Opened by Debian's jose, which knows nothing of us. It writes plaintext
 * before it has checked the tag: only its exit status counts. */
#include <criterion/criterion.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#include "jwe.h"

static char folder[] = "/tmp/whitekey-jwe-XXXXXX";
static char path[64];
static char token_path[64];
static char out_path[64];
static struct wk_data_key key;

static const struct wk_record record = {.seq = UINT64_C(9007199254740993),
                                        .at = 1790000000,
                                        .device = "k\xc3\xbc"
                                                  "che",
                                        .topic = "sensors/\"k\xc3\xbc"
                                                 "che\"/t",
                                        .class = WK_CLASS_WHOLE};

static void setup(void) {
  struct wk_why why;
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/key.jwk", folder);
  (void)snprintf(token_path, sizeof token_path, "%s/token", folder);
  (void)snprintf(out_path, sizeof out_path, "%s/out", folder);
  cr_assert_eq(wk_data_key_create(path, &why), WK_OK);
  cr_assert_eq(wk_data_key_read(&key, path, &why), WK_OK);
}

static void teardown(void) {
  (void)unlink(path);
  (void)unlink(token_path);
  (void)rmdir(folder);
}

TestSuite(jwe, .init = setup, .fini = teardown);

/* Exit status of jose; out gets what it wrote. No newline after the token:
 * jose takes it for a part of the tag. */
static int jose(char *out, size_t cap, const char *token) {
  struct wk_why why;
  char words[6][5] = {"jose", "jwe", "dec", "-i", "-k", "-O"};
  char *argv[] = {words[0], words[1], words[2], words[3], token_path,
                  words[4], path,     words[5], out_path, NULL};
  pid_t pid = 0;
  int status = 0;
  cr_assert_eq(wk_file_replace(token_path, token, strlen(token), 0600, &why),
               WK_OK);
  cr_assert_eq(posix_spawnp(&pid, "jose", NULL, NULL, argv, environ), 0);
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  char *text = NULL;
  size_t len = 0;
  out[0] = '\0';
  if (wk_file_read(&text, &len, out_path, cap - 1, &why) == WK_OK)
    (void)snprintf(out, cap, "%s", text);
  free(text);
  (void)unlink(out_path);
  return status;
}

static char *seal(const char *body) {
  char *token = NULL;
  cr_assert_eq(
      wk_jwe_seal(&token, &key, &record, (const uint8_t *)body, strlen(body)),
      WK_OK);
  return token;
}

Test(jwe, seal__jose_opens_it) {
  char out[128];
  char *token = seal("{\"heart\":71}");
  cr_assert_eq(jose(out, sizeof out, token), 0, "%s", out);
  cr_assert_str_eq(out, "{\"heart\":71}");
  free(token);
}

Test(jwe, seal__header_names_what_it_is_bound_to) {
  char want[512];
  char *token = seal("x");
  const size_t head_len = strcspn(token, ".");
  (void)snprintf(want, sizeof want,
                 "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"%s\","
                 "\"topic\":\"sensors/\\\"k\xc3\xbc"
                 "che\\\"/t\",\"device\":\"k\xc3\xbc"
                 "che\",\"seq\":9007199254740993,\"at\":1790000000,"
                 "\"class\":\"whole\"}",
                 key.kid);
  char text[WK_B64_LEN(sizeof want) + 1];
  wk_b64_write(text, (const uint8_t *)want, strlen(want));
  cr_assert_eq(strlen(text), head_len);
  cr_assert_eq(strncmp(token, text, head_len), 0);
  free(token);
}

/* One byte of each part: header, nonce, ciphertext, tag. */
Test(jwe, open__flipped_byte_in_any_part_refused) {
  char out[128];
  char *token = seal("{\"heart\":71}");
  unsigned parts = 0;
  for (char *part = token; part; part = strchr(part, '.')) {
    if (*part == '.')
      part++;
    if (*part == '.')
      continue;
    char *at = part + 3;
    const char was = *at;
    *at = was == 'A' ? 'B' : 'A';
    cr_expect_neq(jose(out, sizeof out, token), 0, "part %u", parts);
    *at = was;
    parts++;
  }
  cr_assert_eq(parts, 4);
  cr_assert_eq(jose(out, sizeof out, token), 0);
  free(token);
}

Test(jwe, open__header_of_another_topic_refused) {
  char out[128];
  struct wk_record other = record;
  char *token = seal("{\"heart\":71}");
  char *second = NULL;
  other.topic = "sensors/elsewhere/t";
  cr_assert_eq(wk_jwe_seal(&second, &key, &other, (const uint8_t *)"x", 1),
               WK_OK);
  char moved[2048];
  (void)snprintf(moved, sizeof moved, "%.*s%s", (int)strcspn(second, "."),
                 second, strchr(token, '.'));
  cr_assert_neq(jose(out, sizeof out, moved), 0);
  free(second);
  free(token);
}

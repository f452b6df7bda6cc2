/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#include "key.h"

static char folder[] = "/tmp/whitekey-key-XXXXXX";
static char path[64];

static void setup(void) {
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/key.jwk", folder);
}

static void teardown(void) {
  (void)unlink(path);
  (void)rmdir(folder);
}

TestSuite(key, .init = setup, .fini = teardown);

Test(key, create__is_private_and_reads_back) {
  struct wk_data_key key;
  struct wk_why why;
  struct stat st;
  cr_assert_eq(wk_data_key_create(path, &why), WK_OK);
  cr_assert_eq(stat(path, &st), 0);
  cr_assert_eq(st.st_mode & 07777, 0600);
  cr_assert_eq(wk_data_key_read(&key, path, &why), WK_OK, "%s", why.text);
  cr_assert_eq(strlen(key.kid), 16);
}

Test(key, create__never_overwrites) {
  struct wk_data_key before;
  struct wk_data_key after;
  struct wk_why why;
  cr_assert_eq(wk_data_key_create(path, &why), WK_OK);
  cr_assert_eq(wk_data_key_read(&before, path, &why), WK_OK);
  cr_assert_eq(wk_data_key_create(path, &why), WK_ERR_EXISTS);
  cr_assert_eq(wk_data_key_read(&after, path, &why), WK_OK);
  cr_assert(wk_equal(&before, &after, sizeof before));
}

Test(key, read__others_may_not_read_it) {
  struct wk_data_key key;
  struct wk_why why;
  cr_assert_eq(wk_data_key_create(path, &why), WK_OK);
  cr_assert_eq(chmod(path, 0640), 0);
  cr_assert_eq(wk_data_key_read(&key, path, &why), WK_ERR_KEY);
  cr_assert_not_null(strstr(why.text, "chmod 600"));
}

#define K "\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

struct broken {
  char text[128];
};

ParameterizedTestParameters(key, read__broken_refused_without_the_secret) {
  static struct broken rows[] = {
      {""},
      {"{}"},
      {"{\"kty\":\"oct\",\"kid\":\"a\"}"},
      {"{\"kty\":\"oct\"," K "}"},
      {"{\"kty\":\"EC\"," K ",\"kid\":\"a\"}"},
      {"{\"kty\":\"oct\"," K ",\"kid\":\"\"}"},
      {"{\"kty\":\"oct\"," K ",\"kid\":\"a b\"}"},
      {"{\"kty\":\"oct\"," K ",\"kid\":\"a\",\"d\":1}"},
      {"{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"a\"}"},
      {"{\"kty\":\"oct\",\"k\":5,\"kid\":\"a\"}"},
      {"{\"kty\":\"oct\"," K ",\"kid\":\"a\"} x"},
  };
  return cr_make_param_array(struct broken, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct broken *row, key,
                  read__broken_refused_without_the_secret) {
  struct wk_data_key key;
  struct wk_why why;
  cr_assert_eq(wk_file_create(path, row->text, strlen(row->text), 0600, &why),
               WK_OK);
  cr_assert_eq(wk_data_key_read(&key, path, &why), WK_ERR_MALFORMED);
  cr_assert_not_null(strstr(why.text, path), "%s", why.text);
  cr_assert_null(strstr(why.text, "AAAA"), "%s", why.text);
  const struct wk_data_key zero = {.kid = ""};
  cr_assert(wk_equal(&key, &zero, sizeof key));
}

Test(key, proof__tells_keys_and_ids_apart) {
  struct wk_data_key a = {.kid = "a", .k = {1}};
  struct wk_data_key b = a;
  uint8_t proof_a[WK_HASH_LEN];
  uint8_t proof_b[WK_HASH_LEN];
  wk_data_key_proof(proof_a, &a);
  wk_data_key_proof(proof_b, &b);
  cr_assert(wk_equal(proof_a, proof_b, sizeof proof_a));
  b.k[5] = 1;
  wk_data_key_proof(proof_b, &b);
  cr_assert_not(wk_equal(proof_a, proof_b, sizeof proof_a));
  b = a;
  b.kid[0] = 'b';
  wk_data_key_proof(proof_b, &b);
  cr_assert_not(wk_equal(proof_a, proof_b, sizeof proof_a));
}

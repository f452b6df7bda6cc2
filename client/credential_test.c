/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/credential.h>
#include <whitekey/file.h>

#include "device_fixture.h"

#define B16 "AAAAAAAAAAAAAAAAAAAAAA"
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CHAIN "\"epoch\":7,\"n\":16,\"seed\":\"" B32 "\",\"next\":17"
#define NEWER                                                                 \
  "\"epoch\":8,\"n\":2,\"seed\":\"" B32                                       \
  "\",\"next\":1,\"refusals\":7,\"after\":16,\"turn\":3"

static const char plain[] =
    "{\"whitekey\":1,\"d_id\":\"thermo-1\",\"realm\":\"" B16
    "\",\"generation\":0,\"ks\":\"" B32 "\",\"bio_id\":\"" B16
    "\",\"time\":0,\"chains\":{\"C\":{" CHAIN ",\"update\":{" NEWER
    "}},\"D\":{" CHAIN "}}}";

static enum wk_err parse(const char *text, struct wk_why *why) {
  struct wk_credential credential;
  static const struct wk_credential zero;
  why->text[0] = '\0';
  const enum wk_err err =
      wk_credential_parse(&credential, text, strlen(text), "f", why);
  if (err != WK_OK)
    cr_assert_eq(memcmp(&credential, &zero, sizeof zero), 0);
  return err;
}

Test(credential, parse__protocol_form_is_taken) {
  struct wk_credential got;
  cr_assert_eq(wk_credential_parse(&got, plain, strlen(plain), "f", NULL),
               WK_OK);
  cr_assert_str_eq(got.id.did, "thermo-1");
  cr_assert(got.c.present && got.d.present && got.c_update.chain.present);
  cr_assert(!got.d_update.chain.present);
  cr_assert_eq(got.c.epoch, 7u);
  cr_assert_eq(got.c.next, 17u);
  cr_assert_eq(got.c.refusals, 0u);
  cr_assert_eq(got.c_update.chain.epoch, 8u);
  cr_assert_eq(got.c_update.chain.refusals, 7u);
  cr_assert_eq(got.c_update.after, 16u);
  cr_assert_eq(got.c_update.turn, 3u);
}

static void round_trip(const struct wk_credential *want) {
  struct wk_credential got;
  struct wk_why why = {""};
  char *text = NULL;
  size_t len = 0;
  cr_assert_eq(wk_credential_write(&text, &len, want), WK_OK);
  cr_assert_eq(strlen(text), len);
  cr_assert_eq(wk_credential_parse(&got, text, len, "f", &why), WK_OK, "%s",
               why.text);
  cr_assert_eq(memcmp(&got, want, sizeof got), 0);
  wk_file_wipe(text, len);
}

Test(credential, write__is_read_back) {
  struct wk_credential device;
  device_make(&device, 1000, false);
  round_trip(&device);
  device_make(&device, 1000, true);
  round_trip(&device);
  wk_credential_chain_new(&device.c_update.chain, 1u << 20);
  device.c_update.chain.epoch = 1;
  device.c_update.after = 1000;
  wk_credential_chain_new(&device.d_update.chain, 2);
  device.d_update.chain.epoch = 1;
  device.d_update.after = 1;
  device.d_update.turn = 3;
  device.d_update.chain.refusals = 7;
  device.d.refusals = 1;
  device.generation = UINT32_MAX;
  device.time = UINT32_MAX;
  device.d.next = 1001;
  round_trip(&device);
  device.c.present = false;
  memset(&device.c, 0, sizeof device.c);
  memset(&device.c_update, 0, sizeof device.c_update);
  round_trip(&device);
}

Test(credential, parse__every_truncation_is_refused) {
  struct wk_credential device;
  char *text = NULL;
  size_t len = 0;
  device_make(&device, 1000, true);
  cr_assert_eq(wk_credential_write(&text, &len, &device), WK_OK);
  while (text[len - 1] == '\n')
    len--;
  for (size_t cut = 0; cut < len; cut++) {
    /* A buffer of exactly that length lets a sanitizer see an overrun. */
    char *part = malloc(cut ? cut : 1);
    struct wk_why why = {""};
    memcpy(part, text, cut);
    cr_assert_eq(wk_credential_parse(&device, part, cut, "f", &why),
                 WK_ERR_MALFORMED, "%zu bytes", cut);
    cr_assert_eq(strncmp(why.text, "f:", 2), 0, "%zu bytes", cut);
    free(part);
  }
  free(text);
}

/* One change to the plain credential, and a word of the error it must give. */
struct twin {
  const char *from, *to, *says;
};

static const struct twin twins[] = {
    {"\"whitekey\":1", "\"whitekey\":2", "\"whitekey\""},
    {"\"whitekey\":1", "\"whitekey\":\"1\"", "\"whitekey\""},
    {"\"whitekey\":1,", "", "\"whitekey\": missing"},
    {"thermo-1", "", "\"d_id\""},
    {"thermo-1", "thermo 1", "\"d_id\""},
    {"thermo-1", "a23456789012345678901234567890123", "\"d_id\""},
    {"\"d_id\":\"thermo-1\"", "\"d_id\":7", "\"d_id\": not a string"},
    {"\"realm\":\"AA", "\"realm\":\"A", "\"realm\""},
    {"\"realm\":\"AA", "\"realm\":\"A=", "\"realm\""},
    {"\"ks\":\"AA", "\"ks\":\"A+", "\"ks\""},
    {"\"bio_id\":\"AA", "\"bio_id\":\"AAA", "\"bio_id\""},
    {"\"time\":0", "\"time\":-1", "\"time\""},
    {"\"time\":0", "\"time\":0.5", "\"time\""},
    {"\"time\":0", "\"time\":4294967296", "\"time\""},
    {"\"time\":0", "\"time\":true", "\"time\""},
    {"\"time\":0", "\"time\":0,\"time\":0", "\"time\": stands there twice"},
    {"\"time\":0", "\"time\":0,\"Time\":0", "\"Time\": unknown member"},
    {"\"generation\":0,", "", "\"generation\": missing"},
    {"\"C\":{", "\"E\":{", "\"E\": unknown member"},
    {"{" CHAIN ",\"update\":{" NEWER "}}", "[]", "\"C\": not an object"},
    {"\"n\":16", "\"n\":1", "f: chains.C: \"n\""},
    {"\"n\":16", "\"n\":1048577", "\"n\""},
    {"\"next\":17", "\"next\":0", "\"next\""},
    {"\"next\":17", "\"next\":18", "\"next\""},
    {"\"next\":17,", "\"next\":17,\"more\":1,", "\"more\""},
    {"\"epoch\":8", "\"epoch\":7", "f: chains.C.update: \"epoch\""},
    {"\"epoch\":8", "\"epoch\":9", "\"epoch\""},
    {"\"n\":2", "\"n\":1", "f: chains.C.update: \"n\""},
    {"\"refusals\":7", "\"refusals\":8", "f: chains.C.update: \"refusals\""},
    {"\"after\":16", "\"after\":17", "f: chains.C.update: \"after\""},
    {"\"after\":16", "\"after\":0", "\"after\""},
    {"\"after\":16,", "", "\"after\": missing"},
    {"\"turn\":3", "\"turn\":4", "f: chains.C.update: \"turn\""},
    {",\"turn\":3", "", "\"turn\": missing"},
    {"\"update\":{", "\"update\":{\"update\":{},", "\"update\""},
    {"\"update\":{" NEWER "}", "\"update\":null", "\"update\""},
};

Test(credential, parse__broken_twins_are_refused) {
  struct wk_why why;
  for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
    char text[2 * sizeof plain];
    const struct twin *twin = &twins[i];
    const char *at = strstr(plain, twin->from);
    cr_assert_not_null(at, "%s", twin->from);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - plain), plain,
                   twin->to, at + strlen(twin->from));
    cr_assert_eq(parse(text, &why), WK_ERR_MALFORMED, "%s", twin->to);
    cr_assert_not_null(strstr(why.text, twin->says), "%s: %s", twin->to,
                       why.text);
  }
  cr_assert_eq(parse(plain, &why), WK_OK);
}

Test(credential, parse__no_chain_is_refused) {
  char text[sizeof plain + sizeof "{}}"];
  struct wk_why why;
  const size_t head = (size_t)(strstr(plain, "{\"C\"") - plain);
  (void)snprintf(text, sizeof text, "%.*s{}}", (int)head, plain);
  cr_assert_eq(parse(text, &why), WK_ERR_MALFORMED);
  cr_assert_str_eq(why.text, "f: \"chains\": holds no chain");
}

Test(credential, chain_new__seeds_differ) {
  struct wk_credential_chain a;
  struct wk_credential_chain b;
  wk_credential_chain_new(&a, 256);
  wk_credential_chain_new(&b, 256);
  cr_assert_eq(a.next, 1u);
  cr_assert_eq(a.epoch, 0u);
  cr_assert_neq(memcmp(a.seed, b.seed, sizeof a.seed), 0);
}

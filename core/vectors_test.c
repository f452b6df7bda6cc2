/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every value of tests/vectors/protocol-1.json, made by an independent
 * implementation of the protocol page.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <whitekey/msg.h>
#include <whitekey/pebble.h>

#include "vectors.h"

TestSuite(vectors, .init = vectors_load, .fini = vectors_unload);

static void same(const cJSON *object, const char *key, const uint8_t *got,
                 size_t len) {
  uint8_t want[600];
  cr_assert_eq(vectors_hex(want, sizeof want, object, key), len, "%s: length",
               key);
  cr_assert_arr_eq(got, want, len, "%s of %s", key,
                   vectors_get(object, key)->valuestring);
}

struct side {
  const cJSON *json;
  enum wk_role role;
  uint32_t epoch, n, index;
  uint8_t seed[32], salt[16], kx[16];
};

struct tale {
  const cJSON *json;
  struct wk_id id;
  uint8_t ks[32], bio_id[16];
  uint8_t challenge[16];
  const uint8_t *challenged; /* challenge or NULL */
  struct side c, d;
};

static void load_side(struct side *side, const struct tale *tale,
                      enum wk_role role) {
  side->json = vectors_get(vectors_get(tale->json, "chains"),
                           role == WK_ROLE_C ? "C" : "D");
  side->role = role;
  side->epoch = vectors_num(side->json, "epoch");
  side->n = vectors_num(side->json, "n");
  side->index = vectors_num(side->json, "index");
  vectors_hex(side->seed, 32, side->json, "seed");
  wk_chain_salt(side->salt, &tale->id, role, side->epoch);
  wk_key_message(side->kx, tale->ks, &tale->id, side->epoch, tale->bio_id);
}

static void load_tale(struct tale *tale, const cJSON *json) {
  uint8_t realm[16];
  uint8_t tmpl[512];
  memset(tale, 0, sizeof *tale);
  tale->json = json;
  const char *did = vectors_get(json, "d_id")->valuestring;
  vectors_hex(realm, sizeof realm, json, "realm");
  cr_assert_eq(wk_id_init(&tale->id, realm, did, strlen(did)), WK_OK);
  vectors_hex(tale->ks, 32, json, "ks");
  const size_t len = vectors_hex(tmpl, sizeof tmpl, json, "template");
  cr_assert_eq(wk_bio_id(tale->bio_id, tmpl, len), WK_OK);
  if (vectors_hex(tale->challenge, 16, vectors_get(json, "login"),
                  "challenge") > 0)
    tale->challenged = tale->challenge;
  load_side(&tale->c, tale, WK_ROLE_C);
  load_side(&tale->d, tale, WK_ROLE_D);
}

static struct wk_seal seal_of(const struct tale *tale, const struct side *side,
                              bool login) {
  return (struct wk_seal){&tale->id, side->kx,
                          login ? tale->challenged : NULL};
}

#define EACH(tale)                                                            \
  const cJSON *item = NULL;                                                   \
  cJSON_ArrayForEach(item, vectors_cases()) if (load_tale(&(tale), item), true)

static void value_at(uint8_t x[32], const struct side *side, uint32_t i) {
  wk_chain_top(x, side->salt, side->n, side->seed);
  wk_chain_walk(x, side->salt, side->n, i);
}

Test(vectors, keys__all_cases) {
  struct tale tale;
  EACH(tale) {
    uint8_t master[32];
    uint8_t ks[32];
    vectors_hex(master, 32, tale.json, "master");
    wk_key_server(ks, master, &tale.id, vectors_num(tale.json, "generation"));
    same(tale.json, "ks", ks, 32);
    same(tale.json, "bio_id", tale.bio_id, 16);
    same(tale.c.json, "kx", tale.c.kx, 16);
    same(tale.d.json, "kx", tale.d.kx, 16);
  }
}

static void check_chain(const struct side *side) {
  uint8_t x[32];
  same(side->json, "salt", side->salt, 16);
  wk_chain_top(x, side->salt, side->n, side->seed);
  same(side->json, "top", x, 32);
  wk_chain_walk(x, side->salt, side->n, 0);
  same(side->json, "anchor", x, 32);
  const cJSON *at = NULL;
  cJSON_ArrayForEach(at, vectors_get(side->json, "x")) {
    const uint32_t i = (uint32_t)strtoul(at->string, NULL, 10);
    uint8_t value[32];
    uint8_t anchor[32];
    struct wk_pebble pebble;
    uint32_t index = 0;
    value_at(value, side, i);
    same(vectors_get(side->json, "x"), at->string, value, 32);
    value_at(anchor, side, 0);
    cr_assert(wk_chain_verify(value, i, anchor, 0, side->salt));
    cr_assert_eq(wk_pebble_init(&pebble, side->salt, side->n, i, side->seed),
                 WK_OK);
    cr_assert_eq(wk_pebble_next(&pebble, x, &index), WK_OK);
    cr_assert_eq(index, i);
    cr_assert_arr_eq(x, value, 32);
  }
}

Test(vectors, chains__all_cases) {
  struct tale tale;
  EACH(tale) {
    check_chain(&tale.c);
    check_chain(&tale.d);
  }
}

static void check_login(const struct tale *tale, const struct side *side,
                        enum wk_type type, uint8_t *msg, size_t len,
                        const uint8_t *x1) {
  const cJSON *login = vectors_get(tale->json, "login");
  const struct wk_seal seal = seal_of(tale, side, true);
  struct wk_header header = {type, side->epoch, side->index, {0}};
  struct wk_login body = {
      .time = vectors_num(login, type == WK_X1 ? "x1_time" : "x2_time")};
  vectors_hex(header.nonce, 8, login, type == WK_X1 ? "x1_nonce" : "x2_nonce");
  value_at(body.x, side, side->index);
  if (x1)
    wk_msg_digest(body.digest, x1, WK_X1_LEN);
  cr_assert_eq(wk_login_seal(msg, &header, &body, &seal), WK_OK);
  same(login, type == WK_X1 ? "x1" : "x2", msg, len);

  struct wk_header read;
  struct wk_login opened;
  cr_assert_eq(wk_header_parse(&read, type, msg, len), WK_OK);
  cr_assert_eq(wk_login_open(&opened, &read, msg, &seal), WK_OK);
  cr_assert_eq(opened.time, body.time);
  cr_assert_arr_eq(opened.x, body.x, 32);
  cr_assert_arr_eq(opened.digest, body.digest, 16);
}

Test(vectors, logins__all_cases) {
  struct tale tale;
  EACH(tale) {
    uint8_t x1[WK_X1_LEN];
    uint8_t x2[WK_X2_LEN];
    char text[WK_PASSWORD_MAX + 1];
    const cJSON *login = vectors_get(tale.json, "login");
    check_login(&tale, &tale.c, WK_X1, x1, sizeof x1, NULL);
    check_login(&tale, &tale.d, WK_X2, x2, sizeof x2, x1);
    wk_password_write(text, x1, NULL);
    cr_assert_str_eq(text, vectors_get(login, "password_b64")->valuestring);
    wk_password_write(text, x1, x2);
    cr_assert_str_eq(
        text, vectors_get(login, "password_with_user_b64")->valuestring);
  }
}

static void check_update(const struct tale *tale, const struct side *side) {
  const cJSON *json = vectors_get(vectors_get(tale->json, "updates"),
                                  side->role == WK_ROLE_C ? "C" : "D");
  uint8_t fresh[32];
  uint8_t seed[32];
  uint8_t salt[16];
  uint8_t x[32];
  vectors_hex(fresh, 32, json, "fresh");
  wk_chain_next_seed(seed, side->salt, side->seed, fresh);
  same(json, "new_seed", seed, 32);
  struct wk_update update = {.role = side->role,
                             .epoch = vectors_num(json, "new_epoch"),
                             .n = vectors_num(json, "new_n")};
  wk_chain_salt(salt, &tale->id, side->role, update.epoch);
  wk_chain_top(update.anchor, salt, update.n, seed);
  wk_chain_walk(update.anchor, salt, update.n, 0);
  same(json, "new_anchor", update.anchor, 32);
  value_at(x, side, side->index + 1);
  wk_update_vouch(update.vouch, x, &tale->id, &update);

  const struct wk_seal seal = seal_of(tale, side, false);
  struct wk_header header = {WK_X3, side->epoch, side->index, {0}};
  uint8_t msg[WK_X3_LEN];
  struct wk_update opened;
  vectors_hex(header.nonce, 8, json, "x3_nonce");
  cr_assert_eq(wk_update_seal(msg, &header, &update, &seal), WK_OK);
  same(json, "x3", msg, sizeof msg);
  cr_assert_eq(wk_header_parse(&header, WK_X3, msg, sizeof msg), WK_OK);
  cr_assert_eq(wk_update_open(&opened, &header, msg, &seal), WK_OK);
  cr_assert_eq(opened.role, update.role);
  cr_assert_eq(opened.epoch, update.epoch);
  cr_assert_eq(opened.n, update.n);
  cr_assert_arr_eq(opened.anchor, update.anchor, 32);
  cr_assert_arr_eq(opened.vouch, update.vouch, 32);
}

Test(vectors, updates__all_cases) {
  struct tale tale;
  EACH(tale) {
    check_update(&tale, &tale.c);
    check_update(&tale, &tale.d);
  }
}

static void check_reply(const struct tale *tale, const cJSON *json) {
  const char *answers = vectors_get(json, "answers")->valuestring;
  const bool login = strcmp(answers, "login") == 0;
  const struct side *side =
      strcmp(answers, "updates.D") == 0 ? &tale->d : &tale->c;
  const cJSON *request =
      login ? vectors_get(tale->json, "login")
            : vectors_get(vectors_get(tale->json, "updates"), answers + 8);
  uint8_t asked[WK_MSG_MAX];
  const size_t asked_len =
      vectors_hex(asked, sizeof asked, request, login ? "x1" : "x3");
  struct wk_reply reply = {
      .status = (enum wk_status)vectors_num(json, "status"),
      .role = (enum wk_role)vectors_get(json, "role")->valuestring[0],
      .epoch = vectors_num(json, "body_epoch"),
      .index = vectors_num(json, "body_index"),
      .time = vectors_num(json, "time"),
  };
  wk_msg_digest(reply.digest, asked, asked_len);
  struct wk_header header = {WK_X4, side->epoch, side->index, {0}};
  vectors_hex(header.nonce, 8, json, "nonce");
  const struct wk_seal seal = seal_of(tale, side, login);
  uint8_t msg[WK_X4_LEN];
  struct wk_reply opened;
  cr_assert_eq(wk_reply_seal(msg, &header, &reply, &seal), WK_OK);
  same(json, "x4", msg, sizeof msg);
  cr_assert_eq(wk_header_parse(&header, WK_X4, msg, sizeof msg), WK_OK);
  cr_assert_eq(wk_reply_open(&opened, &header, msg, &seal), WK_OK);
  cr_assert_eq(opened.status, reply.status);
  cr_assert_eq(opened.role, reply.role);
  cr_assert_eq(opened.epoch, reply.epoch);
  cr_assert_eq(opened.index, reply.index);
  cr_assert_eq(opened.time, reply.time);
  cr_assert_arr_eq(opened.digest, reply.digest, 16);
}

Test(vectors, replies__all_cases) {
  struct tale tale;
  EACH(tale) {
    const cJSON *reply = NULL;
    cJSON_ArrayForEach(reply, vectors_get(tale.json, "replies"))
        check_reply(&tale, reply);
  }
}

/* What the rows 1, 4 and the last part of 12 say of a password. */
static bool core_takes(const struct tale *tale, const char *text) {
  uint8_t x1[WK_X1_LEN];
  uint8_t x2[WK_X2_LEN];
  uint8_t digest[WK_DIGEST_LEN];
  size_t x1_len = 0;
  size_t x2_len = 0;
  bool has_x2 = false;
  struct wk_header header;
  struct wk_login body;
  const struct wk_seal c = seal_of(tale, &tale->c, true);
  const struct wk_seal d = seal_of(tale, &tale->d, true);
  wk_password_parse(x1, &x1_len, x2, &x2_len, &has_x2, text, strlen(text));
  if (wk_header_parse(&header, WK_X1, x1, x1_len) != WK_OK ||
      wk_login_open(&body, &header, x1, &c) != WK_OK)
    return false;
  if (!has_x2)
    return true;
  wk_msg_digest(digest, x1, x1_len);
  return wk_header_parse(&header, WK_X2, x2, x2_len) == WK_OK &&
         wk_login_open(&body, &header, x2, &d) == WK_OK &&
         wk_equal(digest, body.digest, sizeof digest);
}

Test(vectors, negatives__none_is_taken) {
  struct tale tale;
  EACH(tale) {
    const cJSON *login = vectors_get(tale.json, "login");
    cr_assert(
        core_takes(&tale, vectors_get(login, "password_b64")->valuestring));
    cr_assert(core_takes(
        &tale, vectors_get(login, "password_with_user_b64")->valuestring));
    const cJSON *bad = NULL;
    cJSON_ArrayForEach(bad, vectors_get(tale.json, "negative")) cr_assert(
        !core_takes(&tale, vectors_get(bad, "password")->valuestring), "%s",
        vectors_get(bad, "why")->valuestring);
  }
}

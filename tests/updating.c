/* SPDX-License-Identifier: Apache-2.0 */
#include "updating.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <whitekey/file.h>

#define N 400u
#define NOW 1790000000u
#define SEEN_MAX 64u /* chains in one tale */
#define ATTEMPTS (2 * WK_SKIP_MAX + 2)

static char folder[64];
static char db[96];
static char key[96];
static struct wk_registry *registry;
static struct wk_why why;
static uint32_t now;

/* One device of many; each tale has its own. */
static struct {
  unsigned number;
  char did[16];
  char path[2][96]; /* the device's credential and the phone's */
  struct wk_client *c, *phone;
  enum holder holder;
  bool online; /* in the session of the last login */
  struct {
    uint8_t seed[WK_SEED_LEN];
    uint32_t next; /* lowest index not yet seen */
  } seen[SEEN_MAX];
  unsigned attempts; /* the most that one login needed */
} it;

/* A connection must not be open in a process that forks: it would be two
 * processes' at once (https://sqlite.org/howtocorrupt.html, section 2.6). */
static void start_server(void) {
  wk_registry_close(registry);
  served_start(db, key);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK, "%s",
               why.text);
}

void updating_begin(void) {
  memset(&it, 0, sizeof it);
  now = NOW;
  /* Processes die here, not machines: a disk would only cost time. */
  (void)snprintf(folder, sizeof folder, "%s/whitekey-update.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  start_server();
}

void updating_end(void) {
  char command[128];
  served_stop();
  wk_client_free(it.c);
  wk_client_free(it.phone);
  wk_registry_close(registry);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

struct wk_client *updating_client(void) {
  return it.c;
}

unsigned updating_attempts(void) {
  return it.attempts;
}

static uint32_t clock_now(void *context) {
  (void)context;
  return now;
}

static void open_clients(void) {
  wk_client_free(it.c);
  wk_client_free(it.phone);
  it.phone = NULL;
  cr_assert_eq(wk_client_open(&it.c, it.path[0], clock_now, NULL, &why), WK_OK,
               "%s", why.text);
  if (it.holder == HOLDER_PHONE)
    cr_assert_eq(
        wk_client_open_user(&it.phone, it.path[1], clock_now, NULL, &why),
        WK_OK, "%s", why.text);
}

static void save(const struct wk_credential *credential, const char *path) {
  char *text = NULL;
  size_t len = 0;
  cr_assert_eq(wk_credential_write(&text, &len, credential), WK_OK);
  cr_assert_eq(wk_file_create(path, text, len, 0600, &why), WK_OK, "%s",
               why.text);
  wk_file_wipe(text, len);
}

static void load(struct wk_credential *credential, const char *path) {
  char *text = NULL;
  size_t len = 0;
  cr_assert_eq(wk_file_read(&text, &len, path, WK_CREDENTIAL_FILE_MAX, NULL),
               WK_OK);
  cr_assert_eq(wk_credential_parse(credential, text, len, path, NULL), WK_OK);
  wk_file_wipe(text, len);
}

static void enrol_chain(struct wk_enrolled_chain *public,
                        struct wk_credential_chain *chain,
                        const struct wk_id *id, enum wk_role role) {
  wk_credential_chain_new(chain, N);
  public->present = true;
  public->n = chain->n;
  wk_credential_anchor(public->anchor, id, role, chain);
}

/* A device of its own for the next tale. */
void updating_enrol(enum holder holder) {
  struct wk_credential device = {.time = 0};
  struct wk_credential phone;
  struct wk_enrolment enrolment = {.did = ""};
  it.number++;
  it.holder = holder;
  (void)snprintf(it.did, sizeof it.did, "d%u", it.number);
  (void)snprintf(it.path[0], sizeof it.path[0], "%s/%s", folder, it.did);
  (void)snprintf(it.path[1], sizeof it.path[1], "%s/u%s", folder, it.did);
  memcpy(enrolment.did, it.did, strlen(it.did) + 1);
  cr_assert_eq(wk_id_init(&device.id, wk_registry_realm(registry), it.did,
                          strlen(it.did)),
               WK_OK);
  enrol_chain(&enrolment.c, &device.c, &device.id, WK_ROLE_C);
  if (holder != HOLDER_C)
    enrol_chain(&enrolment.d, &device.d, &device.id, WK_ROLE_D);
  cr_assert_eq(wk_registry_enrol(registry, &enrolment, &device.generation,
                                 device.ks, &why),
               WK_OK, "%s", why.text);
  phone = device;
  if (holder == HOLDER_PHONE) {
    memset(&device.d, 0, sizeof device.d);
    memset(&phone.c, 0, sizeof phone.c);
    save(&phone, it.path[1]);
  }
  save(&device, it.path[0]);
  memset(it.seen, 0, sizeof it.seen);
  open_clients();
}

/* ---- one step ----------------------------------------------------------- */

/* Whose index it is: the chain of that epoch, which is in a file. */
static void seed_of(uint8_t seed[WK_SEED_LEN], enum wk_type type,
                    uint32_t epoch) {
  struct wk_credential credential;
  const bool user = type == WK_X2;
  load(&credential, it.path[user && it.phone ? 1 : 0]);
  const struct wk_credential_chain *old = user ? &credential.d : &credential.c;
  const struct wk_credential_chain *new =
      user ? &credential.d_update.chain : &credential.c_update.chain;
  cr_assert(epoch == old->epoch || (new->present &&epoch == new->epoch));
  memcpy(seed, epoch == old->epoch ? old->seed : new->seed, WK_SEED_LEN);
}

/* No honest index twice: a chain's indices only rise. */
static void see(enum wk_type type, const uint8_t *msg, size_t len) {
  struct wk_header header;
  uint8_t seed[WK_SEED_LEN];
  size_t i = 0;
  cr_assert_eq(wk_header_parse(&header, type, msg, len), WK_OK);
  seed_of(seed, type, header.epoch);
  while (it.seen[i].next != 0 &&
         memcmp(it.seen[i].seed, seed, sizeof seed) != 0)
    cr_assert_lt(++i, SEEN_MAX);
  cr_assert_geq(header.index, it.seen[i].next, "%s: X%d index %u again",
                it.did, (int)type, (unsigned)header.index);
  memcpy(it.seen[i].seed, seed, sizeof seed);
  it.seen[i].next = header.index + 1;
}

static void draw(struct wk_otp *otp) {
  now++;
  it.online = false;
  cr_assert_eq(wk_client_next(it.c, NULL, otp, &why), WK_OK, "%s", why.text);
  if (it.phone)
    cr_assert_eq(wk_client_user(it.phone, NULL, otp, &why), WK_OK, "%s",
                 why.text);
  see(WK_X1, otp->x1, WK_X1_LEN);
  if (otp->has_x2)
    see(WK_X2, otp->x2, WK_X2_LEN);
}

void updating_ask(struct served_login *login) {
  struct wk_otp otp;
  draw(&otp);
  served_login(login, it.did, &otp, now);
}

static void hear(const uint8_t x4[WK_X4_LEN]) {
  struct wk_reply reply;
  cr_assert_eq(wk_client_check(it.c, x4, WK_X4_LEN, &reply, &why), WK_OK,
               "%s: %s", it.did, why.text);
}

/* To whom it may concern: an X3's X4 is of one of the two. */
static void hear_x3(const uint8_t x4[WK_X4_LEN]) {
  struct wk_reply reply;
  if (wk_client_check(it.c, x4, WK_X4_LEN, &reply, &why) == WK_OK)
    return;
  cr_assert_not_null(it.phone, "%s", why.text);
  cr_assert_eq(wk_client_check(it.phone, x4, WK_X4_LEN, &reply, &why), WK_OK,
               "%s", why.text);
}

static void told(const struct served_login *login, enum luck luck) {
  struct wk_reply reply;
  wk_client_accepted(it.c);
  if (it.phone)
    wk_client_accepted(it.phone);
  if (luck == LUCK_X4_NOT)
    return;
  hear(login->c);
  if (it.phone)
    cr_assert_eq(wk_client_check(it.phone, login->c, WK_X4_LEN, &reply, &why),
                 WK_OK, "%s", why.text);
  if (!login->has_d || luck == LUCK_X4_D_NOT)
    return;
  hear(login->d);
  if (it.phone)
    cr_assert_eq(wk_client_check(it.phone, login->d, WK_X4_LEN, &reply, &why),
                 WK_OK, "%s", why.text);
}

static void meet(const struct fault *fault) {
  if (fault->client_dies) {
    open_clients();
    it.online = false;
  }
  if (fault->fate == FATE_LIVES)
    return;
  it.online = false;
  if (fault->fate == FATE_FLUSHES_AND_DIES)
    served_flush();
  if (fault->fate == FATE_RESTARTS)
    served_stop();
  else
    served_kill();
  start_server();
}

enum wk_reason updating_log_in(const struct fault *fault) {
  struct served_login login = {.reason = WK_REASON_STORE};
  struct wk_otp otp;
  draw(&otp);
  if (fault->luck != LUCK_SENT_NOT) {
    served_login(&login, it.did, &otp, now);
    cr_assert_neq(login.reason, WK_REASON_CLONE, "%s", it.did);
    cr_assert_neq(login.reason, WK_REASON_CHAIN, "%s", it.did);
  }
  if (fault->luck != LUCK_SENT_NOT && fault->luck != LUCK_ANSWER_NOT) {
    if (login.reason == WK_REASON_OK) {
      it.online = true;
      told(&login, fault->luck);
    } else {
      wk_client_refused(it.c);
      if (it.phone)
        wk_client_refused(it.phone);
    }
  }
  meet(fault);
  return login.reason;
}

static bool send_when(struct wk_client *client, enum wk_update_when when,
                      enum luck luck) {
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  const enum wk_err err = wk_client_update(client, when, x3, &why);
  if (err == WK_ERR_MISSING)
    return false;
  cr_assert_eq(err, WK_OK, "%s", why.text);
  if (luck == LUCK_SENT_NOT)
    return true;
  served_x3(x4, x3, now);
  if (luck == LUCK_X4_NOT)
    served_x3(x4, x3, now); /* as QoS 1 may: refused, and pending */
  if (luck != LUCK_ANSWER_NOT)
    hear_x3(x4);
  return true;
}

bool updating_send(struct wk_client *client, enum luck luck) {
  return send_when(client, WK_UPDATE_SESSION, luck);
}

void updating_update(enum wk_update_when when, const struct fault *fault) {
  while (it.online && send_when(it.c, when, fault->luck))
    ;
  while (it.online && it.phone && send_when(it.phone, when, fault->luck))
    ;
  meet(fault);
}

/* ---- afterwards --------------------------------------------------------- */

static const struct fault none = {LUCK_GOOD, false, FATE_LIVES};

/* Nothing goes wrong any more: let in within the bound of section 2. */
static void comes_in(const char *tale) {
  unsigned attempts = 1;
  enum wk_reason reason;
  while ((reason = updating_log_in(&none)) != WK_REASON_OK)
    cr_assert_leq(++attempts, ATTEMPTS, "%s: locked out: %s", tale,
                  wk_reason_name(reason, false));
  if (attempts > it.attempts)
    it.attempts = attempts;
}

void updating_agree(const char *tale) {
  struct wk_credential credential;
  struct wk_device_info info;
  served_flush();
  load(&credential, it.path[0]);
  cr_assert_eq(wk_registry_get(registry, it.did, &info, &why), WK_OK);
  cr_assert_eq(info.c.epoch, credential.c.epoch, "%s", tale);
  cr_assert(!credential.c_update.chain.present, "%s: still open", tale);
  if (it.holder == HOLDER_C)
    return;
  if (it.phone)
    load(&credential, it.path[1]);
  cr_assert_eq(info.d.epoch, credential.d.epoch, "%s", tale);
  cr_assert(!credential.d_update.chain.present, "%s: still open", tale);
}

void updating_settle(const char *tale) {
  for (int i = 0; i < 3; i++)
    comes_in(tale);
  updating_agree(tale);
  updating_update(WK_UPDATE_SESSION, &none);
  for (int i = 0; i < 2; i++)
    comes_in(tale);
  updating_agree(tale);
}

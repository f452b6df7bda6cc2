/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key updates between the real client, on its file, and the real server, in a
 * process that can be killed: protocol section 6, interrupted between any two
 * steps on either side. After every interruption the old or the new chain is
 * valid, never neither, and no index is ever drawn twice.
 *
 * A tale is four logins; the session of the first sends the X3. One of its
 * steps goes wrong, then nothing does any more. A journey updates in every
 * session, and anything goes wrong at random before all is well again.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/file.h>

#include "served.h"

#define N 400u
#define NOW 1790000000u
#define SEEN_MAX 64u /* chains in one tale */
#define ATTEMPTS (2 * WK_SKIP_MAX + 2)

/* How a message and its answer fare. */
enum luck {
  LUCK_GOOD,
  LUCK_SENT_NOT,   /* X1 or X3 is lost: the server knows nothing of it */
  LUCK_ANSWER_NOT, /* CONNACK or the X3's X4 is lost */
  LUCK_X4_NOT,     /* let in, but X4 is lost; an X3 is delivered twice */
  LUCK_X4_D_NOT    /* only chain D's X4 is lost */
};
#define LUCKS 5u

/* What becomes of the server after the step. */
enum fate { FATE_LIVES, FATE_RESTARTS, FATE_DIES, FATE_FLUSHES_AND_DIES };
#define FATES 4u

struct fault {
  enum luck luck;
  bool client_dies; /* with all that is not in its file */
  enum fate fate;
};
#define FAULTS (LUCKS * 2u * FATES)
#define JOURNEYS 30u
#define STEPS 5u /* login, X3, login, login, login */

static struct fault fault_of(unsigned number) {
  return (struct fault){(enum luck)(number / (2 * FATES)),
                        number / FATES % 2 == 1, (enum fate)(number % FATES)};
}

/* Who holds the chains. */
enum holder { HOLDER_C, HOLDER_BOTH, HOLDER_PHONE };

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

static void begin(void) {
  memset(&it, 0, sizeof it);
  now = NOW;
  /* Processes die here, not machines: a disk would only cost time. */
  (void)snprintf(folder, sizeof folder, "%s/whitekey-update.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  served_start(db, key);
}

static void end(void) {
  char command[128];
  served_stop();
  wk_client_free(it.c);
  wk_client_free(it.phone);
  wk_registry_close(registry);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(key_update, .init = begin, .fini = end);

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
static void enrol(enum holder holder) {
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
  cr_assert_eq(wk_client_next(it.c, NULL, otp, &why), WK_OK, "%s", why.text);
  if (it.phone)
    cr_assert_eq(wk_client_user(it.phone, NULL, otp, &why), WK_OK, "%s",
                 why.text);
  see(WK_X1, otp->x1, WK_X1_LEN);
  if (otp->has_x2)
    see(WK_X2, otp->x2, WK_X2_LEN);
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
  served_start(db, key);
}

static enum wk_reason log_in(const struct fault *fault) {
  struct served_login login = {.reason = WK_REASON_STORE};
  struct wk_otp otp;
  now++;
  it.online = false;
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

static bool send_x3(struct wk_client *client, enum wk_update_when when,
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

static void update(enum wk_update_when when, const struct fault *fault) {
  while (it.online && send_x3(it.c, when, fault->luck))
    ;
  while (it.online && it.phone && send_x3(it.phone, when, fault->luck))
    ;
  meet(fault);
}

/* ---- afterwards --------------------------------------------------------- */

static const struct fault none = {LUCK_GOOD, false, FATE_LIVES};

/* Nothing goes wrong any more: let in within the bound of section 2. */
static void comes_in(const char *tale) {
  unsigned attempts = 1;
  while (log_in(&none) != WK_REASON_OK)
    cr_assert_leq(++attempts, ATTEMPTS, "%s: locked out", tale);
  if (attempts > it.attempts)
    it.attempts = attempts;
}

static void same_chains(const char *tale, bool *open) {
  struct wk_credential credential;
  struct wk_device_info info;
  load(&credential, it.path[0]);
  cr_assert_eq(wk_registry_get(registry, it.did, &info, &why), WK_OK);
  cr_assert_eq(info.c.epoch, credential.c.epoch, "%s", tale);
  *open = credential.c_update.chain.present;
  if (it.holder == HOLDER_C)
    return;
  if (it.phone)
    load(&credential, it.path[1]);
  cr_assert_eq(info.d.epoch, credential.d.epoch, "%s", tale);
  *open = *open || credential.d_update.chain.present;
}

/* Both ends agree, and a later update goes through: three logins, and at most
 * two more where the tale left an update open. */
static void settles(const char *tale) {
  bool open = true;
  for (int i = 0; i < 3; i++)
    comes_in(tale);
  served_flush();
  same_chains(tale, &open);
  cr_assert(!open, "%s: an update is still open", tale);
  update(WK_UPDATE_SESSION, &none);
  for (int i = 0; i < 2; i++)
    comes_in(tale);
  served_flush();
  same_chains(tale, &open);
  cr_assert(!open, "%s: the next update does not end", tale);
}

static void tell(enum holder holder, unsigned step, unsigned number) {
  char tale[80];
  (void)snprintf(tale, sizeof tale, "holder %d, step %u, fault %u",
                 (int)holder, step, number);
  enrol(holder);
  for (unsigned s = 0; s < STEPS; s++) {
    const struct fault fault = s == step ? fault_of(number) : none;
    if (s == 1)
      update(WK_UPDATE_SESSION, &fault);
    else
      (void)log_in(&fault);
  }
  settles(tale);
}

static void every_interruption(enum holder holder) {
  for (unsigned step = 0; step < STEPS; step++)
    for (unsigned fault = 0; fault < FAULTS; fault++)
      tell(holder, step, fault);
  cr_log_info("at most %u attempts", it.attempts);
}

/* Two of three steps go well, or no update would get far. */
static struct fault any_fault(unsigned *seed) {
  const unsigned number = (unsigned)rand_r(seed);
  return number % 3 == 0 ? fault_of(number / 3 % FAULTS) : none;
}

static void journey(enum holder holder, unsigned number) {
  char tale[80];
  unsigned seed = number;
  (void)snprintf(tale, sizeof tale, "holder %d, journey %u", (int)holder,
                 number);
  enrol(holder);
  for (unsigned s = 0; s < 16; s++) {
    const struct fault at_login = any_fault(&seed);
    const struct fault at_update = any_fault(&seed);
    (void)log_in(&at_login);
    update(WK_UPDATE_SESSION, &at_update);
  }
  settles(tale);
}

static void journeys(enum holder holder) {
  for (unsigned number = 0; number < JOURNEYS; number++)
    journey(holder, number);
  cr_log_info("at most %u attempts", it.attempts);
}

Test(key_update, interrupted__device_chain) {
  every_interruption(HOLDER_C);
}

Test(key_update, interrupted__both_chains_in_one_file) {
  every_interruption(HOLDER_BOTH);
}

Test(key_update, interrupted__device_and_phone) {
  every_interruption(HOLDER_PHONE);
}

Test(key_update, journey__device_chain) {
  journeys(HOLDER_C);
}

Test(key_update, journey__both_chains_in_one_file) {
  journeys(HOLDER_BOTH);
}

Test(key_update, journey__device_and_phone) {
  journeys(HOLDER_PHONE);
}

/*
 * The server has switched C and never got D's X3, and the client knows
 * neither: only new C with old D is valid. Two chains that alternated in step
 * would never try it.
 */
Test(key_update, turns__find_the_one_valid_pair) {
  const struct fault no_x4 = {LUCK_X4_NOT, false, FATE_LIVES};
  enrol(HOLDER_BOTH);
  cr_assert_eq(log_in(&none), WK_REASON_OK);
  cr_assert(send_x3(it.c, WK_UPDATE_SESSION, LUCK_GOOD));     /* of C */
  cr_assert(send_x3(it.c, WK_UPDATE_SESSION, LUCK_SENT_NOT)); /* of D */
  cr_assert_eq(log_in(&none), WK_REASON_OK);
  cr_assert(send_x3(it.c, WK_UPDATE_SESSION, LUCK_SENT_NOT)); /* D again */
  cr_assert_eq(log_in(&no_x4), WK_REASON_OK);
  settles("the one valid pair");
  cr_assert_leq(it.attempts, 4u);
}

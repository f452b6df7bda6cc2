/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHED 64u /* chains */
#define LONGEST 2048u

/* ---- chains ------------------------------------------------------------- */

struct chain {
  struct wk_id id;
  enum wk_role role;
  uint32_t epoch, attempt, n;
  uint8_t x[LONGEST + 1][WK_VALUE_LEN];
};

static void must(bool right) {
  if (!right)
    abort();
}

static struct cache {
  uint32_t oldest;
  struct chain chain[CACHED];
} * cache;

bool device_cache(void) {
  void *memory = mmap(NULL, sizeof *cache, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cache = memory == MAP_FAILED ? NULL : memory;
  return cache != NULL;
}

static void compute(struct chain *chain, const struct wk_id *id,
                    enum wk_role role, const struct sender *of) {
  uint8_t salt[WK_SALT_LEN];
  uint8_t seed[WK_SEED_LEN] = {0};
  must(of->n <= LONGEST);
  chain->n = 0; /* no chain, until it is whole */
  memcpy(seed, &of->epoch, sizeof of->epoch);
  memcpy(seed + 4, &of->attempt, sizeof of->attempt);
  wk_chain_salt(salt, id, role, of->epoch);
  wk_chain_top(chain->x[of->n], salt, of->n, seed);
  for (uint32_t i = of->n; i-- > 0;) {
    memcpy(chain->x[i], chain->x[i + 1], WK_VALUE_LEN);
    wk_chain_step(chain->x[i], salt, i);
  }
  chain->id = *id;
  chain->role = role;
  chain->epoch = of->epoch;
  chain->attempt = of->attempt;
  chain->n = of->n;
}

/* Whole chains are kept: messages come from everywhere in them. */
static const uint8_t *value(const struct wk_id *id, enum wk_role role,
                            const struct sender *of, uint32_t i) {
  must(i <= of->n);
  for (uint32_t c = 0; c < CACHED; c++) {
    const struct chain *chain = &cache->chain[c];
    if (chain->role == role && chain->epoch == of->epoch &&
        chain->attempt == of->attempt && chain->n == of->n &&
        memcmp(&chain->id, id, sizeof *id) == 0)
      return chain->x[i];
  }
  struct chain *made = &cache->chain[cache->oldest];
  cache->oldest = (cache->oldest + 1) % CACHED;
  compute(made, id, role, of);
  return made->x[i];
}

/* ---- enrolment ---------------------------------------------------------- */

static void line_init(struct line *line, uint32_t n) {
  line->present = true;
  line->now = (struct sender){.n = n, .next = 1, .skip = 1};
}

void device_init(struct device *device, const uint8_t *realm, const char *did,
                 uint32_t n, bool user) {
  memset(device, 0, sizeof *device);
  must(wk_id_init(&device->id, realm, did, strlen(did)) == WK_OK);
  memcpy(device->bio_id, did, strlen(did) < WK_BIO_LEN ? strlen(did) : 16);
  line_init(&device->c, n);
  if (user)
    line_init(&device->d, n);
}

static void public_part(const struct device *device, enum wk_role role,
                        const struct line *line,
                        struct wk_enrolled_chain *out) {
  if (!line->present)
    return;
  out->present = true;
  out->n = line->now.n;
  memcpy(out->anchor, value(&device->id, role, &line->now, 0), WK_VALUE_LEN);
}

void device_enrolment(const struct device *device,
                      struct wk_enrolment *enrolment) {
  memset(enrolment, 0, sizeof *enrolment);
  memcpy(enrolment->did, device->id.did, sizeof enrolment->did);
  memcpy(enrolment->bio_id, device->bio_id, WK_BIO_LEN);
  public_part(device, WK_ROLE_C, &device->c, &enrolment->c);
  public_part(device, WK_ROLE_D, &device->d, &enrolment->d);
}

/* ---- sending ------------------------------------------------------------ */

static void seal(const struct device *device, enum wk_role role,
                 const struct sender *from, int64_t now,
                 struct wk_attempt *attempt) {
  static uint32_t counter;
  const bool c = role == WK_ROLE_C;
  uint8_t kx[WK_KX_LEN];
  struct wk_header header = {c ? WK_X1 : WK_X2, from->epoch, from->next, {0}};
  struct wk_login body = {.time = (uint32_t)now};
  memcpy(header.nonce, &counter, sizeof counter);
  memcpy(header.nonce + 4, &body.time, sizeof body.time);
  counter++;
  memcpy(body.x, value(&device->id, role, from, from->next), WK_VALUE_LEN);
  if (!c)
    wk_msg_digest(body.digest, attempt->x1, WK_X1_LEN);
  wk_key_message(kx, device->ks, &device->id, from->epoch, device->bio_id);
  const struct wk_seal with = {&device->id, kx, NULL};
  must(wk_login_seal(c ? attempt->x1 : attempt->x2, &header, &body, &with) ==
       WK_OK);
}

static void seal_both(const struct device *device, int64_t now,
                      struct sent *sent) {
  struct wk_attempt *attempt = &sent->attempt;
  memset(attempt, 0, sizeof *attempt);
  memcpy(attempt->did, device->id.did, sizeof attempt->did);
  attempt->now = now;
  seal(device, WK_ROLE_C, &sent->c, now, attempt);
  attempt->x1_len = WK_X1_LEN;
  if (sent->d.n == 0)
    return;
  seal(device, WK_ROLE_D, &sent->d, now, attempt);
  attempt->x2_len = WK_X2_LEN;
  attempt->has_x2 = true;
}

static struct sender *sender_of(struct line *line) {
  return line->updating && line->use_fresh ? &line->fresh : &line->now;
}

bool device_send(struct device *device, int64_t now, struct sent *sent) {
  struct sender *c = sender_of(&device->c);
  struct sender *d = sender_of(&device->d);
  device->open = false;
  if (c->next > c->n || (device->d.present && d->next > d->n))
    return false;
  sent->c = *c;
  sent->d = *d; /* zeros where there is no user */
  c->next++;    /* durable before a byte leaves */
  if (device->d.present)
    d->next++;
  seal_both(device, now, sent);
  return true;
}

void device_copy(const struct device *device, const struct sent *model,
                 int64_t now, struct sent *sent) {
  sent->device = model->device;
  sent->c = model->c;
  sent->d = model->d;
  seal_both(device, now, sent);
}

/* ---- answers ------------------------------------------------------------ */

/* Section 2: 1, 2, 4 .. R once since the last success, then 1 each. */
static void climb(struct sender *sender) {
  sender->next += sender->skip - 1; /* sending advanced by one */
  if (sender->climbed)
    return;
  sender->climbed = sender->skip == WK_SKIP_MAX;
  sender->skip = sender->climbed ? 1 : sender->skip * 2;
}

static void succeed(struct sender *sender) {
  sender->skip = 1;
  sender->climbed = false;
}

/* Section 6.5 after an accepted login. */
static void follow(struct line *line, enum wk_status status, bool x4_lost) {
  if (!line->present)
    return;
  succeed(sender_of(line));
  if (!line->updating)
    return;
  if (x4_lost || status == WK_STATUS_PENDING) {
    line->use_fresh = true;
    return;
  }
  /* Under the new chain status 1 says: it switched before, unheard. */
  if (status == WK_STATUS_SWITCHED || line->use_fresh)
    line->now = line->fresh;
  line->updating = false;
  line->use_fresh = false;
}

static void retreat(struct line *line, bool refused) {
  if (!line->present)
    return;
  if (refused)
    climb(sender_of(line));
  if (line->updating)
    line->use_fresh = !line->use_fresh;
}

void device_hear(struct device *device, enum device_news news,
                 const struct wk_accepted *accepted, bool x4_lost) {
  if (news != DEVICE_ACCEPTED) {
    retreat(&device->c, news == DEVICE_REFUSED);
    retreat(&device->d, news == DEVICE_REFUSED);
    return;
  }
  follow(&device->c, accepted->c_status, x4_lost);
  follow(&device->d, accepted->d_status, x4_lost);
  device->open = true;
  device->session = *accepted;
}

/* ---- key updates -------------------------------------------------------- */

static bool may_update(const struct device *device, const struct line *line,
                       uint32_t epoch) {
  return device->open && line->present && epoch == line->now.epoch &&
         !device->c.updating && !device->d.updating &&
         line->now.n >= line->now.next + DEVICE_TRIES;
}

static void seal_update(const struct device *device, uint32_t index,
                        const struct sender *from,
                        const struct wk_update *update,
                        uint8_t x3[WK_X3_LEN]) {
  struct wk_header header = {WK_X3, from->epoch, index, {0}};
  uint8_t kx[WK_KX_LEN];
  wk_update_nonce(header.nonce, update->anchor, sizeof update->anchor, update);
  wk_key_message(kx, device->ks, &device->id, from->epoch, device->bio_id);
  const struct wk_seal with = {&device->id, kx, NULL};
  must(wk_update_seal(x3, &header, update, &with) == WK_OK);
}

bool device_update(struct device *device, enum wk_role role,
                   uint8_t x3[WK_X3_LEN]) {
  const struct wk_accepted *session = &device->session;
  const bool c = role == WK_ROLE_C;
  struct line *line = c ? &device->c : &device->d;
  const uint32_t index = c ? session->c_index : session->d_index;
  if (!may_update(device, line, c ? session->c_epoch : session->d_epoch))
    return false;
  line->fresh = (struct sender){.epoch = line->now.epoch + 1,
                                .n = line->now.n,
                                .attempt = ++line->attempts,
                                .next = 1,
                                .skip = 1};
  line->updating = true;
  line->use_fresh = false;
  struct wk_update update = {
      .role = role, .epoch = line->fresh.epoch, .n = line->fresh.n};
  memcpy(update.anchor, value(&device->id, role, &line->fresh, 0),
         WK_VALUE_LEN);
  wk_update_vouch(update.vouch,
                  value(&device->id, role, &line->now, index + 1), &device->id,
                  &update);
  seal_update(device, index, &line->now, &update, x3);
  return true;
}

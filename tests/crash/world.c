/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

static struct world *w;
static struct wk_server *server;

/* ---- complaints --------------------------------------------------------- */

static _Noreturn void complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static _Noreturn void complain(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(w->complaint, sizeof w->complaint, format, args);
  va_end(args);
  _exit(1);
}

static uint32_t chance(uint32_t below) {
  return disk_random(w->disk, below);
}

/* ---- beginning ---------------------------------------------------------- */

static void enrol(struct wk_registry *registry, uint32_t number) {
  /* Long, with a user, and two whose chains come to their end. */
  static const uint32_t length[WORLD_DEVICES] = {2048, 2048, 400, 256};
  struct device *device = &w->device[number];
  struct wk_enrolment enrolment;
  struct wk_why why;
  char did[16];
  (void)snprintf(did, sizeof did, "device-%u", (unsigned)number);
  device_init(device, wk_registry_realm(registry), did, length[number],
              number == 1);
  device_enrolment(device, &enrolment);
  if (wk_registry_enrol(registry, &enrolment, &device->generation, device->ks,
                        &why) != WK_OK)
    complain("enrol: %s", why.text);
}

_Noreturn void world_begin(struct world *world) {
  struct wk_registry *registry = NULL;
  struct wk_why why;
  w = world;
  disk_register(w->disk);
  if (wk_registry_create(w->db, w->key, &why) != WK_OK ||
      wk_registry_open(&registry, w->db, w->key, &why) != WK_OK)
    complain("create: %s", why.text);
  for (uint32_t i = 0; i < WORLD_DEVICES; i++)
    enrol(registry, i);
  wk_registry_close(registry);
  _exit(0);
}

/* ---- the network -------------------------------------------------------- */

static struct sent *new_message(void) {
  if (w->sent_count == WORLD_LOG)
    complain("the log is full");
  w->ok[w->sent_count] = false;
  return &w->sent[w->sent_count++];
}

static void spend(uint32_t device, uint32_t role, const struct sender *at) {
  if (at->epoch >= WORLD_EPOCHS || at->next > WORLD_INDICES)
    complain("device-%u: beyond the test's bounds", (unsigned)device);
  bool *spent = &w->spent[device][role][at->epoch][at->next];
  if (*spent)
    complain("device-%u: index %u of epoch %u, role %s, was accepted twice",
             (unsigned)device, (unsigned)at->next, (unsigned)at->epoch,
             role == 0 ? "C" : "D");
  *spent = true;
}

/* Hands a message to the server whose clock stands at now. */
static enum wk_reason deliver(const struct sent *sent, int64_t now,
                              struct wk_verdict *verdict) {
  struct wk_attempt attempt = sent->attempt;
  attempt.now = now;
  (void)wk_server_login(server, &w->policy, &attempt, verdict);
  if (verdict->reason == WK_REASON_OK) {
    w->ok[sent - w->sent] = true;
    w->tally.accepted++;
    spend(sent->device, 0, &sent->c);
    if (attempt.has_x2)
      spend(sent->device, 1, &sent->d);
  }
  return verdict->reason;
}

/* ---- honest devices ----------------------------------------------------- */

static bool may_hear(const struct device *device, enum wk_reason reason) {
  return reason == WK_REASON_OK || reason == WK_REASON_RESERVED ||
         reason == WK_REASON_DISABLED ||
         (reason == WK_REASON_STORE && w->faulty) ||
         (reason == WK_REASON_EPOCH &&
          (device->c.updating || device->d.updating));
}

/* False: the device's chain is at its end. */
static bool login(uint32_t number, enum wk_reason *reason) {
  struct device *device = &w->device[number];
  struct sent *sent = new_message();
  struct wk_verdict verdict;
  w->now++;
  *reason = WK_REASON_EXHAUSTED;
  sent->device = number;
  if (!device_send(device, w->now, sent)) {
    w->sent_count--;
    return false;
  }
  *reason = deliver(sent, w->now, &verdict);
  if (!may_hear(device, *reason))
    complain("device-%u, honest, index %u: %s", (unsigned)number,
             (unsigned)sent->c.next, wk_reason_name(*reason, verdict.user));
  if (*reason == WK_REASON_OK)
    device_hear(device, DEVICE_ACCEPTED, &verdict.accepted, chance(8) == 0);
  else
    device_hear(device, DEVICE_REFUSED, NULL, false);
  w->tally.refused += *reason != WK_REASON_OK;
  return true;
}

/* The message never arrives, or later, from the attacker's hands. */
static void login_lost(uint32_t number) {
  struct sent *sent = new_message();
  w->now++;
  sent->device = number;
  if (device_send(&w->device[number], w->now, sent))
    device_hear(&w->device[number], DEVICE_UNANSWERED, NULL, false);
  else
    w->sent_count--;
}

static void update(uint32_t number) {
  struct device *device = &w->device[number];
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  enum wk_status status = WK_STATUS_REFUSED;
  if (!wk_server_admits(server, device->id.did, device->generation) ||
      !device_update(device, chance(2) == 0 ? WK_ROLE_C : WK_ROLE_D, x3) ||
      chance(8) == 0) /* X3 is lost */
    return;
  if (wk_server_update(server, &device->session, x3, sizeof x3, w->now, x4,
                       &status) != WK_OK)
    complain("device-%u: its X3 does not open", (unsigned)number);
  w->tally.updates += status == WK_STATUS_PENDING;
}

/* ---- the operator ------------------------------------------------------- */

static void change(uint32_t number, enum wk_change to) {
  struct wk_registry *registry = NULL;
  struct wk_why why;
  if (wk_registry_open(&registry, w->db, w->key, &why) != WK_OK) {
    if (!w->faulty)
      complain("operator: %s", why.text);
    return;
  }
  if (wk_registry_change(registry, w->device[number].id.did, to, &why) !=
          WK_OK &&
      !w->faulty)
    complain("operator: %s", why.text);
  wk_registry_close(registry);
  (void)wk_server_catch_up(server);
}

/* ---- what must hold ----------------------------------------------------- */

/* I3: everyone is in again within the skip-ahead. */
static void let_in(uint32_t number) {
  enum wk_reason reason = WK_REASON_STORE;
  uint32_t refusals = 0;
  while (reason != WK_REASON_OK) {
    if (!login(number, &reason))
      return;
    if (reason == WK_REASON_DISABLED) /* by an operator who was cut short */
      change(number, WK_CHANGE_ENABLE);
    else
      refusals += reason != WK_REASON_OK;
    if (refusals >= DEVICE_TRIES)
      complain("device-%u: locked out", (unsigned)number);
  }
  if (refusals > w->tally.worst)
    w->tally.worst = refusals;
}

/* I1 against an attacker with everything that was ever sent. */
static void replay(uint32_t i) {
  struct wk_verdict verdict;
  const bool accepted = w->ok[i];
  const enum wk_reason reason =
      deliver(&w->sent[i], w->sent[i].attempt.now, &verdict);
  w->tally.replays++;
  if (reason == WK_REASON_CLONE)
    complain("a replay made device-%u a clone", (unsigned)w->sent[i].device);
  if (reason == WK_REASON_OK && accepted)
    complain("message %u was accepted twice", (unsigned)i);
}

/* I1 against one with the device's secrets: new messages, spent indices. */
static void copy(uint32_t i) {
  struct wk_verdict verdict;
  if (!w->ok[i])
    return;
  struct sent *sent = new_message();
  w->now++;
  w->tally.copies++;
  device_copy(&w->device[w->sent[i].device], &w->sent[i], w->now, sent);
  (void)deliver(sent, w->now, &verdict);
  w->sent_count--; /* nobody else heard it */
}

static void check_all(void) {
  const uint32_t count = w->sent_count;
  for (uint32_t i = 0; i < count; i++) {
    if (w->ok[i])
      replay(i);
  }
  for (uint32_t i = 0; i < 16 && count > 0; i++)
    copy(chance(count));
  for (uint32_t i = 0; i < WORLD_DEVICES; i++)
    let_in(i);
}

/* ---- a life ------------------------------------------------------------- */

static void serve(void) {
  struct wk_why why;
  for (uint32_t i = 0; i < WORLD_DEVICES; i++)
    w->device[i].open = false; /* sessions ended with the server */
  if (wk_server_open(&server, w->db, w->key, &why) != WK_OK)
    complain("open: %s", why.text);
  if (w->threaded && wk_server_start_writer(server, &why) != WK_OK)
    complain("writer: %s", why.text);
}

static void fault(void) {
  struct disk *disk = w->disk;
  w->faulty = true;
  w->tally.faults++;
  disk->fault = DISK_FULL + (enum disk_fault)chance(3);
  disk->fault_from = disk->calls + 1 + chance(20);
  disk->fault_until = disk->fault_from + 1 + chance(20);
}

static void flush(void) {
  struct wk_why why;
  const enum wk_err err = wk_server_flush(server, &why);
  if (err != WK_OK && err != WK_ERR_MISSING && !w->faulty)
    complain("flush: %s", why.text);
}

static void step(void) {
  const uint32_t number = chance(WORLD_DEVICES);
  const uint32_t what = chance(100);
  enum wk_reason reason;
  if (what < 60)
    (void)login(number, &reason);
  else if (what < 66)
    login_lost(number);
  else if (what < 74)
    update(number);
  else if (what < 78 && w->sent_count > 0)
    replay(chance(w->sent_count));
  else if (what < 95)
    flush();
  else if (what < 96)
    change(number, WK_CHANGE_DISABLE);
  else if (what < 97)
    change(number, WK_CHANGE_ENABLE);
  else if (what < 98 && !w->faulty)
    fault();
  if (w->threaded)
    (void)usleep(chance(3000));
}

/* The disk works again: so does the server, by itself. */
static void recover(void) {
  struct wk_why why;
  w->disk->fault = DISK_WORKS;
  w->faulty = false;
  flush();
  if (!wk_server_healthy(server, &why))
    complain("the disk works again, the server does not: %s", why.text);
}

static int checkpoint_often(sqlite3 *db, const char **error,
                            const struct sqlite3_api_routines *api) {
  (void)error;
  (void)api;
  return sqlite3_wal_autocheckpoint(db, 1 + (int)chance(40));
}

_Noreturn void world_life(struct world *world) {
  w = world;
  disk_register(w->disk);
  /* SQLite's own cast: its extensions have three arguments. */
  (void)sqlite3_auto_extension((void (*)(void))checkpoint_often);
  serve();
  check_all();
  for (uint32_t steps = 20 + chance(100); steps > 0; steps--) {
    step();
    if (w->faulty && w->disk->calls >= w->disk->fault_until)
      recover();
    if (!w->faulty && chance(60) == 0) {
      wk_server_close(server);
      serve();
    }
  }
  recover();
  if (w->kill_close)
    w->disk->kill_at = w->disk->calls + 1 + chance(12);
  wk_server_close(server);
  _exit(0);
}

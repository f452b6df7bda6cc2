/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on a disk in trouble: full, read-only, failing, damaged, moved
 * away. Logins are refused as `store`, it says why, and recovers by itself;
 * nothing that was spent becomes valid.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "disk.h"

#define NOW INT64_C(1790000000)
#define N 256u

static char folder[64];
static char db[96];
static char key[96];
static struct disk *disk;
static struct device device;
static struct wk_server *server;
static struct wk_policy policy;
static struct wk_verdict verdict;
static struct wk_why why;
static int64_t now;

static void serve(void) {
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_OK, "%s", why.text);
}

static void enrol(void) {
  struct wk_registry *registry = NULL;
  struct wk_enrolment enrolment;
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  device_init(&device, wk_registry_realm(registry), "d", N, false);
  device_enrolment(&device, &enrolment);
  cr_assert_eq(wk_registry_enrol(registry, &enrolment, &device.generation,
                                 device.ks, &why),
               WK_OK);
  wk_registry_close(registry);
}

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/wk-fault-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  disk = disk_new(7);
  cr_assert_not_null(disk);
  cr_assert(device_cache());
  wk_policy_init(&policy);
  now = NOW;
  disk_register(disk);
  enrol();
  disk_mount(disk, db);
  serve();
}

static void end(void) {
  char command[96];
  wk_server_close(server);
  disk_free(disk);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(fault, .init = begin, .fini = end);

static void trouble(enum disk_fault fault) {
  disk->fault = fault;
  disk->fault_from = 0;
  disk->fault_until = UINT32_MAX;
}

static enum wk_reason deliver(struct sent *sent) {
  sent->attempt.now = now;
  return wk_server_login(server, &policy, &sent->attempt, &verdict);
}

static enum wk_reason login_at(uint32_t index, struct sent *sent) {
  now++;
  device.c.now.next = index;
  cr_assert(device_send(&device, now, sent));
  return deliver(sent);
}

static enum wk_reason login(uint32_t index) {
  struct sent sent;
  return login_at(index, &sent);
}

/* Refused in trouble; afterwards once, and then no more. */
static void refused_while(enum disk_fault fault) {
  struct sent first;
  struct sent during;
  cr_assert_eq(login_at(1, &first), WK_REASON_OK);
  trouble(fault);
  cr_assert_neq(wk_server_flush(server, &why), WK_OK);
  cr_assert_not_null(strstr(why.text, db), "\"%s\" names no file", why.text);
  cr_assert_not(wk_server_healthy(server, &why));
  cr_assert_not_null(strstr(why.text, db), "\"%s\" names no file", why.text);
  cr_assert_eq(login_at(2, &during), WK_REASON_STORE);
  cr_assert(wk_server_admits(server, "d", 0), "its session stays");
  trouble(DISK_WORKS);
  cr_assert_eq(wk_server_flush(server, &why), WK_OK, "%s", why.text);
  cr_assert(wk_server_healthy(server, NULL));
  cr_assert_eq(deliver(&first), WK_REASON_REPLAY);
  cr_assert_eq(deliver(&during), WK_REASON_OK, "it never was accepted");
  cr_assert_eq(deliver(&during), WK_REASON_REPLAY);
}

Test(fault, full_disk__refused_until_there_is_room) {
  refused_while(DISK_FULL);
}

Test(fault, read_only_disk__refused_until_it_takes_writes) {
  refused_while(DISK_BROKEN);
}

Test(fault, failing_sync__refused_until_syncs_work) {
  refused_while(DISK_SYNC_FAILS);
}

Test(fault, beyond_the_promise__the_login_itself_meets_the_trouble) {
  trouble(DISK_FULL);
  cr_assert_eq(login(65), WK_REASON_STORE);
  cr_assert_not(wk_server_healthy(server, &why));
  cr_assert_eq(login(1), WK_REASON_STORE);
  trouble(DISK_WORKS);
  cr_assert_eq(wk_server_flush(server, &why), WK_OK);
  cr_assert_eq(login(66), WK_REASON_OK);
}

Test(fault, nothing_to_write__recovery_is_not_believed_too_early) {
  trouble(DISK_FULL);
  cr_assert_eq(login(65), WK_REASON_STORE);
  for (int i = 0; i < 3; i++)
    cr_assert_neq(wk_server_flush(server, NULL), WK_OK);
  (void)wk_server_catch_up(server);
  cr_assert_not(wk_server_healthy(server, &why));
  trouble(DISK_WORKS);
  cr_assert_eq(wk_server_flush(server, NULL), WK_OK);
  cr_assert(wk_server_healthy(server, &why));
}

/* SQLite does not write a page that would stay as it is. */
Test(fault, only_what_is_there_to_write__recovery_is_not_believed_either) {
  cr_assert_eq(login(1), WK_REASON_OK);
  cr_assert_eq(wk_server_flush(server, NULL), WK_OK);
  trouble(DISK_FULL);
  cr_assert_eq(login(66), WK_REASON_STORE);
  for (int i = 0; i < 3; i++)
    cr_assert_neq(wk_server_flush(server, NULL), WK_OK);
  cr_assert_not(wk_server_healthy(server, &why));
  trouble(DISK_WORKS);
  cr_assert_eq(wk_server_flush(server, NULL), WK_OK);
  cr_assert(wk_server_healthy(server, &why));
}

Test(fault, writer__recovers_by_itself) {
  cr_assert_eq(wk_server_start_writer(server, &why), WK_OK);
  trouble(DISK_FULL);
  cr_assert_eq(login(65), WK_REASON_STORE);
  trouble(DISK_WORKS);
  while (!wk_server_healthy(server, &why))
    (void)usleep(1000);
  cr_assert_eq(login(66), WK_REASON_OK);
}

Test(fault, power_loss_in_trouble__nothing_spent_becomes_valid) {
  struct sent sent[3];
  cr_assert_eq(login_at(1, &sent[0]), WK_REASON_OK);
  cr_assert_eq(login_at(2, &sent[1]), WK_REASON_OK);
  trouble(DISK_SYNC_FAILS);
  cr_assert_neq(wk_server_flush(server, NULL), WK_OK);
  wk_server_close(server);
  disk_power_loss(disk);
  trouble(DISK_WORKS);
  serve();
  cr_assert_neq(deliver(&sent[0]), WK_REASON_OK);
  cr_assert_neq(deliver(&sent[1]), WK_REASON_OK);
  cr_assert_eq(login(67), WK_REASON_OK);
}

/* In a process that is killed after it. */
static void failed_sync_and_killed(void) {
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    if (wk_server_open(&server, db, key, NULL) != WK_OK)
      _exit(1);
    trouble(DISK_SYNC_FAILS);
    _exit(login(65) == WK_REASON_STORE ? 0 : 2);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
}

static void served_and_lost(struct sent *sent) {
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    const bool right = wk_server_open(&server, db, key, NULL) == WK_OK &&
                       deliver(sent) == WK_REASON_OK;
    _exit(right ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  disk_power_loss(disk);
}

/*
 * The WAL looks whole to the second server though the disk never got all of
 * it: what it accepts must not stand on that.
 */
Test(fault, failed_sync_then_killed__the_next_server_stands_on_the_disk) {
  wk_server_close(server);
  server = NULL;
  struct sent sent;
  failed_sync_and_killed();
  trouble(DISK_WORKS);
  now += 2;
  device.c.now.next = 140;
  cr_assert(device_send(&device, now, &sent));
  served_and_lost(&sent);
  serve();
  cr_assert_neq(deliver(&sent), WK_REASON_OK);
}

/* ---- damage ------------------------------------------------------------- */

static void overwrite(const char *path, off_t from, size_t len) {
  static const char noise[16384] = "not what was written";
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  cr_assert(fd >= 0, "%s", path);
  cr_assert_eq(pwrite(fd, noise, len, from), (ssize_t)len);
  (void)close(fd);
}

Test(fault, damaged_at_start__a_clear_error) {
  wk_server_close(server);
  server = NULL;
  overwrite(db, 4096, 12288);
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_ERR_CORRUPT);
  cr_assert_not_null(strstr(why.text, db));
  cr_assert_not_null(strstr(why.text, "malformed"), "%s", why.text);
}

static void administer(void) {
  struct wk_registry *registry = NULL;
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  cr_assert_eq(wk_registry_change(registry, "d", WK_CHANGE_DISABLE, &why),
               WK_OK);
  cr_assert_eq(wk_registry_change(registry, "d", WK_CHANGE_ENABLE, &why),
               WK_OK);
  wk_registry_close(registry);
}

Test(fault, damaged_while_it_serves__refused_and_said) {
  char wal[128];
  cr_assert_eq(login(1), WK_REASON_OK);
  administer(); /* so that the server must read the file anew */
  (void)snprintf(wal, sizeof wal, "%s-wal", db);
  for (off_t from = 4096; from < 65536; from += 12288) {
    overwrite(wal, from, 12288);
    overwrite(db, from, 12288);
  }
  cr_assert_neq(wk_server_flush(server, &why), WK_OK);
  cr_assert_not(wk_server_healthy(server, &why));
  cr_assert_not_null(strstr(why.text, db), "%s", why.text);
  cr_assert_eq(login(2), WK_REASON_STORE);
}

Test(fault, replaced_while_it_serves__refused_and_said) {
  char aside[128];
  cr_assert_eq(login(1), WK_REASON_OK);
  (void)snprintf(aside, sizeof aside, "%s.aside", db);
  cr_assert_eq(rename(db, aside), 0);
  cr_assert_eq(wk_server_flush(server, &why), WK_ERR_IO);
  cr_assert_not_null(strstr(why.text, "replaced"), "%s", why.text);
  cr_assert_eq(login(2), WK_REASON_STORE);
  cr_assert_eq(rename(aside, db), 0);
  cr_assert_eq(wk_server_flush(server, &why), WK_OK, "%s", why.text);
  cr_assert_eq(login(2), WK_REASON_OK);
}

/* ---- one server per file ------------------------------------------------ */

Test(fault, second_process__is_refused_with_a_clear_line) {
  int ready[2];
  char byte = 0;
  wk_server_close(server);
  server = NULL;
  cr_assert_eq(pipe(ready), 0);
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    const bool right = wk_server_open(&server, db, key, NULL) == WK_OK;
    (void)!write(ready[1], right ? "1" : "0", 1);
    (void)pause();
    _exit(0);
  }
  cr_assert_eq(read(ready[0], &byte, 1), 1);
  cr_assert_eq(byte, '1');
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_ERR_BUSY);
  cr_assert_not_null(strstr(why.text, ".lock: another process holds it"), "%s",
                     why.text);
  cr_assert_eq(kill(child, SIGKILL), 0);
  cr_assert_eq(waitpid(child, NULL, 0), child);
  serve();
}

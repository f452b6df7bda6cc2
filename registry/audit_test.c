/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "event.h"

static char folder[64];
static char db[96];
static char path[128];
static char moved[128];
static struct wk_audit *audit;

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/wk-audit-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/r.db", folder);
  (void)snprintf(moved, sizeof moved, "%s/r.old", folder);
  cr_assert_eq(wk_audit_path(path, sizeof path, db, NULL), WK_OK);
  cr_assert_eq(wk_audit_open(&audit, db, NULL), WK_OK);
}

static void end(void) {
  wk_audit_close(audit);
  (void)unlink(path);
  (void)unlink(moved);
  cr_assert_eq(rmdir(folder), 0);
}

TestSuite(audit, .init = begin, .fini = end);

/* Lines of a file, each of them JSON; "lost" lines count what they tell. */
static unsigned lines_of(const char *file) {
  char line[WK_AUDIT_LINE_MAX + 2];
  unsigned count = 0;
  FILE *in = fopen(file, "r");
  cr_assert_not_null(in, "%s", file);
  while (fgets(line, sizeof line, in)) {
    cJSON *event = cJSON_Parse(line);
    cr_assert_not_null(event, "%s", line);
    const cJSON *lost = cJSON_GetObjectItem(event, "lines");
    count += lost ? (unsigned)lost->valuedouble : 1;
    cJSON_Delete(event);
  }
  (void)fclose(in);
  return count;
}

Test(audit, line__peer_text_is_cleaned_and_escaped) {
  struct wk_attempt attempt;
  const struct wk_verdict verdict = {.reason = WK_REASON_CLONE,
                                     .alarms = WK_ALARM_CLONE | WK_ALARM_EPOCH,
                                     .evidence = WK_EVIDENCE_TIME,
                                     .quarantined = true,
                                     .index = 4};
  char line[WK_AUDIT_LINE_MAX];
  wk_attempt_password(&attempt, "d", "x");
  attempt.client_id = "evil\n\"id\\\xff";
  const size_t len =
      wk_audit_login_line(line, &attempt, &verdict, "password", "127.0.0.1");
  cr_assert_eq(len, strlen(line));
  cr_assert(strstr(line, "\"client_id\":\"evil?\\\"id\\\\?\""), "%s", line);
  cr_assert(strstr(line, "\"reason\":\"clone\""), "%s", line);
  cr_assert(strstr(line, "\"alarms\":[\"clone\",\"epoch\"]"), "%s", line);
  cJSON *event = cJSON_Parse(line);
  cr_assert_not_null(event);
  cJSON_Delete(event);
}

Test(audit, line__the_longest_fits) {
  struct wk_event event;
  char line[WK_AUDIT_LINE_MAX];
  char text[200];
  memset(text, '"', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  struct wk_attempt attempt = {.client_id = text};
  struct wk_verdict verdict = {.reason = WK_REASON_QUARANTINED,
                               .user = true,
                               .alarms = 0x1f,
                               .evidence = WK_EVIDENCE_CHALLENGE,
                               .quarantined = true,
                               .epoch = UINT32_MAX,
                               .index = UINT32_MAX};
  memset(attempt.did, 'd', WK_DID_MAX);
  wk_event_login(&event, &attempt, &verdict, "WHITEKEY-CHALLENGE", text);
  event.lines = UINT32_MAX;
  cr_assert_lt(wk_event_line(line, &event), 800u);
}

Test(audit, file__is_private_and_takes_both_kinds) {
  struct stat st;
  wk_audit_admin(audit, "release", "d");
  wk_audit_admin(audit, "init", NULL);
  cr_assert_eq(stat(path, &st), 0);
  cr_assert_eq(st.st_mode & 0777, 0600);
  cr_assert_eq(lines_of(path), 2u);
}

Test(audit, writer__every_event_is_written_or_counted) {
  cr_assert_eq(wk_audit_start_writer(audit, NULL), WK_OK);
  for (unsigned i = 0; i < 3 * WK_AUDIT_QUEUE; i++)
    wk_audit_admin(audit, "enable", "d");
  wk_audit_close(audit);
  cr_assert_eq(wk_audit_open(&audit, db, NULL), WK_OK);
  cr_assert_eq(lines_of(path), 3 * WK_AUDIT_QUEUE);
}

Test(audit, reopen__goes_on_in_a_new_file) {
  cr_assert_eq(wk_audit_start_writer(audit, NULL), WK_OK);
  wk_audit_admin(audit, "enable", "d");
  while (access(path, F_OK) != 0 || lines_of(path) == 0)
    (void)usleep(1000);
  cr_assert_eq(rename(path, moved), 0);
  wk_audit_reopen(audit);
  wk_audit_admin(audit, "disable", "d");
  wk_audit_close(audit);
  cr_assert_eq(lines_of(moved), 1u);
  cr_assert_eq(lines_of(path), 1u);
  cr_assert_eq(wk_audit_open(&audit, db, NULL), WK_OK);
}

/* ---- what is lost ------------------------------------------------------- */

/* No file of this process grows beyond so many bytes: a full disk. */
static void disk_of(rlim_t bytes) {
  struct rlimit limit;
  (void)signal(SIGXFSZ, SIG_IGN);
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The one line that tells of losses; 0: none does. */
static unsigned told_lost(void) {
  char line[WK_AUDIT_LINE_MAX + 2];
  unsigned lost = 0;
  FILE *in = fopen(path, "r");
  cr_assert_not_null(in);
  while (fgets(line, sizeof line, in)) {
    const char *lines = strstr(line, "\"event\":\"lost\",\"lines\":");
    if (!lines)
      continue;
    cr_assert_eq(lost, 0u, "told twice");
    lost = (unsigned)strtoul(lines + strlen("\"event\":\"lost\",\"lines\":"),
                             NULL, 10);
  }
  (void)fclose(in);
  return lost;
}

Test(audit, full_disk__every_event_is_counted_and_no_line_torn) {
  disk_of(1000); /* in the midst of the 15th line */
  for (unsigned i = 0; i < 100; i++)
    wk_audit_admin(audit, "enable", "thermo-1");
  disk_of(RLIM_INFINITY);
  cr_expect_eq(wk_audit_lost(audit), 100 - 1000 / 71u);
  wk_audit_admin(audit, "disable", "thermo-1");
  cr_assert_eq(lines_of(path), 101u);
  cr_assert_eq(told_lost(), 100 - 1000 / 71u);
}

Test(audit, full_disk__writer_counts_those_of_a_batch_that_got_in) {
  disk_of(1000);
  cr_assert_eq(wk_audit_start_writer(audit, NULL), WK_OK);
  for (unsigned i = 0; i < 100; i++)
    wk_audit_admin(audit, "enable", "thermo-1");
  wk_audit_close(audit);
  disk_of(RLIM_INFINITY);
  cr_assert_eq(lines_of(path), 1000 / 71u, "and none of them torn");
  cr_assert_eq(wk_audit_open(&audit, db, NULL), WK_OK);
}

Test(audit, full_disk__what_was_lost_is_told_at_the_end_too) {
  disk_of(1);
  wk_audit_admin(audit, "enable", "thermo-1");
  disk_of(RLIM_INFINITY);
  wk_audit_close(audit);
  cr_assert_eq(told_lost(), 1u);
  cr_assert_eq(wk_audit_open(&audit, db, NULL), WK_OK);
}

Test(audit, healthy__until_an_event_is_lost_and_when_one_gets_in) {
  struct wk_why why;
  wk_audit_admin(audit, "enable", "d");
  cr_expect(wk_audit_healthy(audit, &why));
  cr_expect_str_empty(why.text);
  disk_of(1);
  wk_audit_admin(audit, "enable", "d");
  cr_expect_not(wk_audit_healthy(audit, &why));
  cr_expect_eq(strncmp(why.text, path, strlen(path)), 0, "%s", why.text);
  cr_expect(strstr(why.text, "File too large"), "%s", why.text);
  disk_of(RLIM_INFINITY);
  cr_expect_not(wk_audit_healthy(audit, NULL), "nobody has tried");
  wk_audit_admin(audit, "enable", "d");
  cr_expect(wk_audit_healthy(audit, &why));
  cr_expect_eq(wk_audit_lost(audit), 1u, "although it was told of");
}

/* The end of a line on a disk that has room for its beginning. */
Test(audit, healthy__not_where_a_line_is_cut) {
  struct wk_why why;
  disk_of(10);
  wk_audit_admin(audit, "enable", "d");
  cr_expect_not(wk_audit_healthy(audit, &why));
  cr_expect(strstr(why.text, "No space left"), "%s", why.text);
  disk_of(RLIM_INFINITY);
}

Test(audit, reopen__failed_is_tried_again_with_each_event) {
  struct wk_why why;
  cr_assert_eq(mkdir(moved, 0700), 0);
  cr_assert_eq(unlink(path), 0);
  cr_assert_eq(rename(moved, path), 0);
  wk_audit_reopen(audit);
  cr_expect_not(wk_audit_healthy(audit, &why), "before an event is lost");
  cr_expect(strstr(why.text, "Is a directory"), "%s", why.text);
  wk_audit_admin(audit, "enable", "d");
  wk_audit_admin(audit, "enable", "d");
  cr_assert_eq(rmdir(path), 0);
  wk_audit_admin(audit, "disable", "d");
  cr_assert_eq(told_lost(), 2u);
  cr_assert_eq(lines_of(path), 3u);
}

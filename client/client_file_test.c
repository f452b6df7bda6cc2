/* SPDX-License-Identifier: Apache-2.0 */
/* Clients on a credential file: durable before given out, never twice. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <whitekey/file.h>

#include "device_fixture.h"

#define N 4096u

static char folder[64];
static char path[96];
static struct wk_credential device;

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/whitekey-client.XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/dev.json", folder);
  device_make(&device, N, false);
  device_save(path, &device, 0600);
}

static void end(void) {
  static const char *const names[] = {"dev.json", "dev.json.lock", "link.json",
                                      "link.json.lock"};
  char name[128];
  (void)chmod(folder, 0700);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    (void)snprintf(name, sizeof name, "%s/%s", folder, names[i]);
    (void)unlink(name);
  }
  cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

TestSuite(client_file, .init = begin, .fini = end);

/* The system's calls that make a file durable, in their order. */
static char order[8];

static void note(char what) {
  const size_t len = strlen(order);
  if (len + 1 < sizeof order)
    order[len] = what;
}

int fsync(int fd) {
  struct stat st;
  note(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
  return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to) {
  note('r');
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static struct wk_client *open_file(const char *name) {
  struct wk_client *client = NULL;
  struct wk_why why = {""};
  cr_assert_eq(wk_client_open(&client, name, NULL, NULL, &why), WK_OK, "%s",
               why.text);
  return client;
}

Test(client_file, next__index_is_in_the_file_before_it_is_given) {
  struct wk_client *client = open_file(path);
  struct wk_credential stored;
  struct stat st;
  for (uint32_t i = 1; i <= 5; i++) {
    cr_assert_eq(device_index(client), i);
    device_load(&stored, path);
    cr_assert_eq(stored.c.next, i + 1);
  }
  cr_assert_eq(stat(path, &st), 0);
  cr_assert_eq(st.st_mode & 07777, 0600u);
  wk_client_free(client);
}

Test(client_file, next__survives_a_power_cut_from_then_on) {
  struct wk_client *client = open_file(path);
  memset(order, 0, sizeof order);
  (void)device_index(client);
  cr_assert_str_eq(order, "frd", "%s", order);
  wk_client_free(client);
}

Test(client_file, next__two_clients_in_one_process_take_turns) {
  struct wk_client *a = open_file(path);
  struct wk_client *b = open_file(path);
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  for (uint32_t i = 1; i <= 40; i++) {
    struct wk_client *client = i % 3 == 0 ? a : b;
    cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
    device_open(&device, WK_X1, &otp, NULL, &header, &body);
    cr_assert_eq(header.index, i);
  }
  wk_client_free(a);
  wk_client_free(b);
}

Test(client_file, next__a_symbolic_link_stays_one_credential) {
  char link[96];
  struct stat st;
  (void)snprintf(link, sizeof link, "%s/link.json", folder);
  cr_assert_eq(symlink("dev.json", link), 0);
  struct wk_client *a = open_file(path);
  struct wk_client *b = open_file(link);
  cr_assert_eq(device_index(a), 1u);
  cr_assert_eq(device_index(b), 2u);
  cr_assert_eq(device_index(a), 3u);
  cr_assert_eq(lstat(link, &st), 0);
  cr_assert(S_ISLNK(st.st_mode));
  wk_client_free(a);
  wk_client_free(b);
}

Test(client_file, next__time_is_kept_in_the_file) {
  struct wk_client *client = NULL;
  struct wk_credential stored;
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  uint32_t now = 5000;
  cr_assert_eq(wk_client_open(&client, path, device_clock, &now, NULL), WK_OK);
  cr_assert_eq(device_index(client), 1u);
  wk_client_free(client);
  device_load(&stored, path);
  cr_assert_eq(stored.time, 5000u);
  now = 4999; /* the clock went back while nobody ran */
  cr_assert_eq(wk_client_open(&client, path, device_clock, &now, NULL), WK_OK);
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  device_open(&device, WK_X1, &otp, NULL, &header, &body);
  cr_assert_eq(body.time, 0u);
  device_load(&stored, path);
  cr_assert_eq(stored.time, 5000u);
  wk_client_free(client);
}

/* A clock that tells whether the credential's lock is held meanwhile. */
static uint32_t clock_under_lock(void *context) {
  bool *locked = context;
  char name[128];
  (void)snprintf(name, sizeof name, "%s.lock", path);
  const int fd = open(name, O_RDWR);
  cr_assert(fd >= 0);
  *locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
  (void)close(fd);
  return 1234;
}

Test(client_file, next__clock_is_read_under_the_lock) {
  struct wk_client *client = NULL;
  bool locked = false;
  cr_assert_eq(wk_client_open(&client, path, clock_under_lock, &locked, NULL),
               WK_OK);
  cr_assert_eq(device_index(client), 1u);
  cr_assert(locked);
  wk_client_free(client);
}

/* Draws count indices and writes them to the pipe; 0 draws for ever. */
static pid_t start_drawing(int out, uint32_t count) {
  const pid_t pid = fork();
  cr_assert(pid >= 0);
  if (pid != 0)
    return pid;
  struct wk_client *client = NULL;
  if (wk_client_open(&client, path, NULL, NULL, NULL) != WK_OK)
    _exit(1);
  for (uint32_t i = 0; count == 0 || i < count; i++) {
    struct wk_otp otp;
    struct wk_header header;
    if (wk_client_next(client, NULL, &otp, NULL) != WK_OK ||
        wk_header_parse(&header, WK_X1, otp.x1, WK_X1_LEN) != WK_OK ||
        write(out, &header.index, sizeof header.index) < 0)
      _exit(1);
  }
  _exit(0);
}

Test(client_file, next__two_processes_never_share_an_index) {
  static bool seen[101];
  int ends[2];
  cr_assert_eq(pipe(ends), 0);
  const pid_t a = start_drawing(ends[1], 50);
  const pid_t b = start_drawing(ends[1], 50);
  (void)close(ends[1]);
  uint32_t index = 0;
  unsigned count = 0;
  while (read(ends[0], &index, sizeof index) == sizeof index) {
    cr_assert(index >= 1 && index <= 100);
    cr_assert(!seen[index], "%u was given twice", (unsigned)index);
    seen[index] = true;
    count++;
  }
  cr_assert_eq(count, 100u);
  cr_assert_eq(waitpid(a, NULL, 0), a);
  cr_assert_eq(waitpid(b, NULL, 0), b);
  (void)close(ends[0]);
}

Test(client_file, next__a_killed_process_repeats_nothing) {
  uint32_t highest = 0;
  for (unsigned round = 1; round <= 15; round++) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t pid = start_drawing(ends[1], 0);
    (void)close(ends[1]);
    uint32_t index = 0;
    unsigned got = 0;
    while (read(ends[0], &index, sizeof index) == sizeof index) {
      cr_assert_gt(index, highest);
      highest = index;
      if (++got == round)
        cr_assert_eq(kill(pid, SIGKILL), 0);
    }
    cr_assert_geq(got, round);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
  }
  struct wk_client *client = open_file(path);
  cr_assert_gt(device_index(client), highest);
  wk_client_free(client);
  /* A kill before the rename leaves the temporary file. */
  char pattern[128];
  glob_t found;
  (void)snprintf(pattern, sizeof pattern, "%s/dev.json.??????", folder);
  if (glob(pattern, 0, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++)
      cr_assert_eq(unlink(found.gl_pathv[i]), 0);
    globfree(&found);
  }
}

/* Fails the next draw, and expects neither a message nor a change. */
static void draw_fails(struct wk_client *client) {
  static const struct wk_otp zero;
  struct wk_otp otp;
  struct wk_why why = {""};
  struct wk_credential stored;
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_ERR_IO);
  cr_assert_eq(memcmp(&otp, &zero, sizeof otp), 0);
  cr_assert_not_null(strstr(why.text, "dev.json"), "%s", why.text);
  device_load(&stored, path);
  cr_assert_eq(stored.c.next, 2u);
}

Test(client_file, next__full_disk_gives_no_message) {
  struct wk_client *client = open_file(path);
  cr_assert_eq(device_index(client), 1u);
  struct rlimit limit;
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit none = {0, limit.rlim_max};
  (void)signal(SIGXFSZ, SIG_IGN);
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
  draw_fails(client);
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  cr_assert_eq(device_index(client), 2u); /* failing spent nothing */
  wk_client_free(client);
}

Test(client_file, next__read_only_folder_gives_no_message) {
  const uid_t nobody = 65534;
  struct wk_client *client = open_file(path);
  cr_assert_eq(device_index(client), 1u);
  char lock[128];
  (void)snprintf(lock, sizeof lock, "%s.lock", path);
  const uid_t me = geteuid();
  if (me == 0) { /* root may write anywhere */
    cr_assert_eq(chown(path, nobody, nobody), 0);
    cr_assert_eq(chown(lock, nobody, nobody), 0);
  }
  cr_assert_eq(chmod(folder, 0555), 0);
  if (me == 0)
    cr_assert_eq(seteuid(nobody), 0);
  draw_fails(client);
  if (me == 0)
    cr_assert_eq(seteuid(0), 0);
  wk_client_free(client);
}

Test(client_file, next__a_re_enrolled_file_is_followed) {
  struct wk_client *client = open_file(path);
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  cr_assert_eq(device_index(client), 1u);
  device_make(&device, N, false);
  device.c.next = 2; /* the salt and the index of before, another seed */
  device_save(path, &device, 0600);
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_OK);
  device_open(&device, WK_X1, &otp, NULL, &header, &body);
  cr_assert_eq(header.index, 2u);
  wk_client_free(client);
}

Test(client_file, next__another_devices_file_is_refused) {
  struct wk_client *client = open_file(path);
  struct wk_otp otp;
  struct wk_why why;
  cr_assert_eq(wk_id_init(&device.id, device.id.realm, "other", 5), WK_OK);
  device_save(path, &device, 0600);
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_ERR_CORRUPT);
  cr_assert_not_null(strstr(why.text, "of device other now"), "%s", why.text);
  wk_client_free(client);
}

static void open_fails(enum wk_err err, const char *says) {
  struct wk_client *client = NULL;
  struct wk_why why = {""};
  cr_assert_eq(wk_client_open(&client, path, NULL, NULL, &why), err, "%s",
               why.text);
  cr_assert_null(client);
  cr_assert_not_null(strstr(why.text, path), "%s", why.text);
  cr_assert_not_null(strstr(why.text, says), "%s", why.text);
}

Test(client_file, open__what_is_no_private_credential_is_refused) {
  device_save(path, &device, 0640);
  open_fails(WK_ERR_KEY, "others may read");
  cr_assert_eq(wk_file_replace(path, "{", 1, 0600, NULL), WK_OK);
  open_fails(WK_ERR_MALFORMED, "not valid JSON");
  cr_assert_eq(truncate(path, WK_CREDENTIAL_FILE_MAX + 1), 0);
  open_fails(WK_ERR_MALFORMED, "larger than");
  device.d = device.c;
  device.c.present = false;
  device_save(path, &device, 0600);
  open_fails(WK_ERR_ARGUMENT, "no device chain");
  cr_assert_eq(unlink(path), 0);
  open_fails(WK_ERR_MISSING, "No such file");
  cr_assert_eq(mkdir(path, 0700), 0);
  open_fails(WK_ERR_KEY, "not a regular file");
  cr_assert_eq(rmdir(path), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/audit.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <whitekey/file.h>

#include "event.h"

#define BATCH 64u         /* events formatted and written at once */
#define PAUSE_NS 5000000L /* events gather meanwhile: nobody wakes us */

struct wk_audit {
  char *path;
  char *registry; /* its owner is the file's */
  int fd;         /* -1: could not be opened again */
  unsigned lost;  /* since the last line that told of it */
  uint64_t lost_ever;
  struct wk_why trouble; /* empty: the newest event is in the file */
  /* The queue: first..first + count, round a ring. NULL: no thread. */
  struct wk_event *ring;
  unsigned first, count;
  bool stopping, reopen;
  bool asleep; /* the thread waits for wake */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
};

enum wk_err wk_audit_path(char *path, size_t len, const char *registry_path,
                          struct wk_why *why) {
  const int need = snprintf(path, len, "%s.audit.jsonl", registry_path);
  if (need < 0 || (size_t)need >= len)
    return wk_fail(why, WK_ERR_IO, "%s: path too long", registry_path);
  return WK_OK;
}

static enum wk_err open_file(struct wk_audit *audit, const char *path,
                             const char *registry_path, struct wk_why *why) {
  audit->path = strdup(path);
  audit->registry = strdup(registry_path);
  if (!audit->path || !audit->registry)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  return wk_file_append(&audit->fd, path, registry_path, why);
}

enum wk_err wk_audit_open(struct wk_audit **audit, const char *registry_path,
                          struct wk_why *why) {
  char path[PATH_MAX];
  *audit = NULL;
  enum wk_err err = wk_audit_path(path, sizeof path, registry_path, why);
  if (err != WK_OK)
    return err;
  struct wk_audit *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  err = open_file(made, path, registry_path, why);
  if (err != WK_OK) {
    free(made->path);
    free(made->registry);
    free(made);
    return err;
  }
  (void)pthread_mutex_init(&made->lock, NULL);
  (void)pthread_cond_init(&made->wake, NULL);
  *audit = made;
  return WK_OK;
}

/* ---- writing ------------------------------------------------------------ */

/* What a full disk left of a line, unless somebody wrote behind it. */
static void take_back(int fd, off_t len) {
  struct stat st;
  const off_t end = lseek(fd, 0, SEEK_CUR);
  if (fstat(fd, &st) == 0 && st.st_size == end)
    (void)!ftruncate(fd, end - len);
}

/* Gives how many of the lines are in the file now, whole; where that is not
 * all of them, errno as well. */
static unsigned write_lines(int fd, const char *text, size_t len,
                            unsigned lines) {
  const ssize_t done = write(fd, text, len);
  if (done == (ssize_t)len)
    return lines;
  const int cause = done < 0 ? errno : ENOSPC;
  size_t whole = 0;
  lines = 0;
  for (size_t i = 0; done > 0 && i < (size_t)done; i++) {
    if (text[i] != '\n')
      continue;
    lines++;
    whole = i + 1;
  }
  if (done > 0)
    take_back(fd, done - (off_t)whole);
  errno = cause;
  return lines;
}

/* Events to text; then one write, so that lines of processes never mix. Gives
 * how many are written. */
static unsigned write_events(const struct wk_audit *audit,
                             const struct wk_event *events, unsigned count) {
  char text[BATCH * 512u];
  size_t used = 0;
  unsigned lines = 0;
  unsigned written = 0;
  for (unsigned i = 0; i < count; i++) {
    used += wk_event_line(text + used, &events[i]);
    lines++;
    if (sizeof text - used >= WK_AUDIT_LINE_MAX && i + 1 < count)
      continue; /* there is room for the next one */
    written += write_lines(audit->fd, text, used, lines);
    used = 0;
    lines = 0;
  }
  return written;
}

/* What fails now is tried again with each event. */
static enum wk_err reopen_file(struct wk_audit *audit, struct wk_why *why) {
  int fd = -1;
  const enum wk_err err =
      wk_file_append(&fd, audit->path, audit->registry, why);
  if (audit->fd >= 0)
    (void)close(audit->fd);
  audit->fd = fd;
  return err;
}

/* So many more are lost, 0: none; lock is held. */
static void lose(struct wk_audit *audit, unsigned count,
                 const struct wk_why *why) {
  audit->lost += count;
  audit->lost_ever += count;
  audit->trouble = *why;
}

/* First, what was lost; then what is new. Only one thread writes. */
static void write_batch(struct wk_audit *audit, const struct wk_event *events,
                        unsigned count) {
  (void)pthread_mutex_lock(&audit->lock);
  const unsigned lost = audit->lost;
  (void)pthread_mutex_unlock(&audit->lock);
  struct wk_event gap;
  struct wk_why why = {""};
  wk_event_init(&gap, "lost", NULL);
  gap.lines = lost;
  const bool open = audit->fd >= 0 || reopen_file(audit, &why) == WK_OK;
  const bool told = open && lost > 0 && write_events(audit, &gap, 1) == 1;
  const unsigned written = open ? write_events(audit, events, count) : 0;
  if (open && written < count)
    wk_why_set(&why, "%s: %s", audit->path, strerror(errno));
  (void)pthread_mutex_lock(&audit->lock);
  if (told)
    audit->lost -= lost;
  lose(audit, count - written, &why);
  (void)pthread_mutex_unlock(&audit->lock);
}

/* A failure is told before an event is lost by it. */
static void reopen_now(struct wk_audit *audit) {
  struct wk_why why = {""};
  if (reopen_file(audit, &why) == WK_OK)
    return;
  (void)pthread_mutex_lock(&audit->lock);
  audit->trouble = why;
  (void)pthread_mutex_unlock(&audit->lock);
}

/* Takes a batch off the queue; lock is held. */
static unsigned take(struct wk_audit *audit, struct wk_event batch[BATCH]) {
  unsigned taken = 0;
  for (; taken < BATCH && audit->count > 0; taken++) {
    batch[taken] = audit->ring[audit->first];
    audit->first = (audit->first + 1) % WK_AUDIT_QUEUE;
    audit->count--;
  }
  if (audit->count == 0)
    audit->first = 0; /* what a burst left behind stays cold */
  return taken;
}

static void wake(struct wk_audit *audit) {
  if (audit->asleep)
    (void)pthread_cond_signal(&audit->wake);
  audit->asleep = false;
}

/* Lets a few more events come, so that a busy broker wakes nobody; lock is
 * held. */
static void gather(struct wk_audit *audit) {
  const struct timespec pause = {.tv_nsec = PAUSE_NS};
  if (audit->stopping)
    return;
  (void)pthread_mutex_unlock(&audit->lock);
  (void)nanosleep(&pause, NULL);
  (void)pthread_mutex_lock(&audit->lock);
}

static void *write_queue(void *context) {
  struct wk_audit *audit = context;
  struct wk_event batch[BATCH];
  (void)pthread_mutex_lock(&audit->lock);
  while (!audit->stopping || audit->count > 0) {
    if (audit->count == 0 && !audit->reopen) {
      audit->asleep = true;
      (void)pthread_cond_wait(&audit->wake, &audit->lock);
      gather(audit);
      continue;
    }
    const bool reopen = audit->reopen;
    const unsigned taken = take(audit, batch);
    audit->reopen = false;
    (void)pthread_mutex_unlock(&audit->lock);
    if (reopen)
      reopen_now(audit);
    if (taken > 0)
      write_batch(audit, batch, taken);
    (void)pthread_mutex_lock(&audit->lock);
  }
  (void)pthread_mutex_unlock(&audit->lock);
  return NULL;
}

enum wk_err wk_audit_start_writer(struct wk_audit *audit, struct wk_why *why) {
  audit->ring = calloc(WK_AUDIT_QUEUE, sizeof *audit->ring);
  if (audit->ring &&
      pthread_create(&audit->thread, NULL, write_queue, audit) == 0)
    return WK_OK;
  free(audit->ring);
  audit->ring = NULL;
  return wk_fail(why, WK_ERR_MEMORY, "%s: no thread for the audit",
                 audit->path);
}

void wk_audit_reopen(struct wk_audit *audit) {
  if (!audit->ring) {
    reopen_now(audit);
    return;
  }
  (void)pthread_mutex_lock(&audit->lock);
  audit->reopen = true;
  wake(audit);
  (void)pthread_mutex_unlock(&audit->lock);
}

void wk_audit_close(struct wk_audit *audit) {
  if (!audit)
    return;
  if (audit->ring) {
    (void)pthread_mutex_lock(&audit->lock);
    audit->stopping = true;
    wake(audit);
    (void)pthread_mutex_unlock(&audit->lock);
    (void)pthread_join(audit->thread, NULL);
  }
  if (audit->lost > 0)
    write_batch(audit, NULL, 0);
  (void)pthread_cond_destroy(&audit->wake);
  (void)pthread_mutex_destroy(&audit->lock);
  if (audit->fd >= 0)
    (void)close(audit->fd);
  free(audit->ring);
  free(audit->registry);
  free(audit->path);
  free(audit);
}

bool wk_audit_healthy(struct wk_audit *audit, struct wk_why *why) {
  (void)pthread_mutex_lock(&audit->lock);
  const struct wk_why trouble = audit->trouble;
  (void)pthread_mutex_unlock(&audit->lock);
  if (why)
    *why = trouble;
  return trouble.text[0] == '\0';
}

uint64_t wk_audit_lost(struct wk_audit *audit) {
  (void)pthread_mutex_lock(&audit->lock);
  const uint64_t lost = audit->lost_ever;
  (void)pthread_mutex_unlock(&audit->lock);
  return lost;
}

/* ---- events ------------------------------------------------------------- */

static void add(struct wk_audit *audit, const struct wk_event *event) {
  if (!audit->ring) {
    write_batch(audit, event, 1);
    return;
  }
  (void)pthread_mutex_lock(&audit->lock);
  if (audit->count == WK_AUDIT_QUEUE) {
    struct wk_why why;
    wk_why_set(&why, "%s: slower than the events come", audit->path);
    lose(audit, 1, &why);
  } else {
    audit->ring[(audit->first + audit->count) % WK_AUDIT_QUEUE] = *event;
    audit->count++;
    wake(audit);
  }
  (void)pthread_mutex_unlock(&audit->lock);
}

void wk_audit_login(struct wk_audit *audit, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address) {
  struct wk_event event;
  wk_event_login(&event, attempt, verdict, method, address);
  add(audit, &event);
}

static size_t line_of(char line[WK_AUDIT_LINE_MAX],
                      const struct wk_event *event) {
  const size_t len = wk_event_line(line, event) - 1;
  line[len] = '\0';
  return len;
}

size_t wk_audit_login_line(char line[WK_AUDIT_LINE_MAX],
                           const struct wk_attempt *attempt,
                           const struct wk_verdict *verdict,
                           const char *method, const char *address) {
  struct wk_event event;
  wk_event_login(&event, attempt, verdict, method, address);
  return line_of(line, &event);
}

void wk_audit_act(struct wk_audit *audit, const struct wk_act *act) {
  struct wk_event event;
  wk_event_act(&event, act);
  add(audit, &event);
}

void wk_audit_admin(struct wk_audit *audit, const char *event,
                    const char *did) {
  wk_audit_act(audit, &(struct wk_act){.event = event, .did = did});
}

void wk_audit_note(struct wk_audit *audit, const struct wk_audit_note *note) {
  struct wk_event event;
  wk_event_note(&event, note);
  add(audit, &event);
}

size_t wk_audit_note_line(char line[WK_AUDIT_LINE_MAX],
                          const struct wk_audit_note *note) {
  struct wk_event event;
  wk_event_note(&event, note);
  return line_of(line, &event);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "office.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/steady.h>

#include "commands.h"

static atomic_uint answers; /* not taken yet, of all offices */

struct line {
  struct wk_request *first;
  struct wk_request **end;
};

struct wk_office {
  char *path;
  char *master;
  struct wk_audit *audit;
  struct wk_registry *registry; /* the thread's own; NULL until needed */
  bool running;
  pthread_t thread;
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t work, idle;
  struct line asked, answered;
  unsigned count; /* in both lines, and at work */
  unsigned open;  /* without an answer */
  bool stopping;
};

/* ---- requests -------------------------------------------------------------
 */

struct wk_request *wk_request_new(const struct wk_accepted *asker,
                                  const char *client_id, const char *address,
                                  const void *text, size_t len,
                                  char *metrics) {
  struct wk_request *request = calloc(1, sizeof *request);
  if (!request) {
    free(metrics);
    return NULL;
  }
  memcpy(request->did, asker->did, sizeof request->did);
  request->generation = asker->generation;
  request->metrics = metrics;
  request->client_id = strdup(client_id);
  request->address = address ? strdup(address) : NULL;
  request->text = malloc(len + 1);
  request->len = len;
  if (!request->client_id || (address && !request->address) ||
      !request->text) {
    wk_request_free(request);
    return NULL;
  }
  if (len > 0)
    memcpy(request->text, text, len);
  return request;
}

void wk_request_free(struct wk_request *request) {
  if (!request)
    return;
  if (request->text)
    wk_wipe(request->text, request->len);
  if (request->answer)
    wk_wipe(request->answer, strlen(request->answer));
  free(request->answer);
  free(request->metrics);
  free(request->text);
  free(request->address);
  free(request->client_id);
  free(request);
}

static void append(struct line *line, struct wk_request *request) {
  request->next = NULL;
  *line->end = request;
  line->end = &request->next;
}

static struct wk_request *take(struct line *line) {
  struct wk_request *request = line->first;
  if (!request)
    return NULL;
  line->first = request->next;
  if (!line->first)
    line->end = &line->first;
  return request;
}

/* ---- the thread -----------------------------------------------------------
 */

static void answer(struct wk_office *office, struct wk_request *request) {
  struct wk_why why;
  enum wk_err err = WK_OK;
  if (!office->registry)
    err = wk_registry_open(&office->registry, office->path, office->master,
                           &why);
  if (err == WK_OK)
    err = wk_registry_act_for(office->registry, request->did,
                              request->generation, &why);
  if (err != WK_OK) {
    request->answer = wk_commands_refuse(&why);
    request->refusal = why;
    return;
  }
  const struct wk_commands commands = {.registry = office->registry,
                                       .audit = office->audit,
                                       .by = request->did,
                                       .metrics = request->metrics};
  request->answer = wk_commands_answer(&commands, request->text, request->len);
  if (wk_registry_denied(office->registry))
    wk_why_set(&request->refusal, "it lost the right to meanwhile");
}

static void *work(void *context) {
  struct wk_office *office = context;
  (void)pthread_mutex_lock(&office->lock);
  while (!office->stopping) {
    struct wk_request *request = take(&office->asked);
    if (!request) {
      (void)pthread_cond_wait(&office->work, &office->lock);
      continue;
    }
    (void)pthread_mutex_unlock(&office->lock);
    answer(office, request);
    (void)pthread_mutex_lock(&office->lock);
    append(&office->answered, request);
    (void)atomic_fetch_add(&answers, 1);
    if (--office->open == 0)
      (void)pthread_cond_signal(&office->idle);
  }
  (void)pthread_mutex_unlock(&office->lock);
  return NULL;
}

/* ---- the broker's side ----------------------------------------------------
 */

struct wk_office *wk_office_new(const char *registry, const char *master,
                                struct wk_audit *audit) {
  struct wk_office *office = calloc(1, sizeof *office);
  if (!office)
    return NULL;
  office->path = strdup(registry);
  office->master = strdup(master);
  office->audit = audit;
  office->asked.end = &office->asked.first;
  office->answered.end = &office->answered.first;
  (void)pthread_mutex_init(&office->lock, NULL);
  (void)pthread_cond_init(&office->work, NULL);
  wk_steady_cond(&office->idle);
  if (office->path && office->master)
    return office;
  wk_office_free(office);
  return NULL;
}

static struct wk_request *take_answer(struct wk_office *office) {
  struct wk_request *request = take(&office->answered);
  if (request)
    (void)atomic_fetch_sub(&answers, 1);
  return request;
}

void wk_office_free(struct wk_office *office) {
  struct wk_request *request;
  if (!office)
    return;
  (void)pthread_mutex_lock(&office->lock);
  office->stopping = true;
  (void)pthread_cond_signal(&office->work);
  (void)pthread_mutex_unlock(&office->lock);
  if (office->running)
    (void)pthread_join(office->thread, NULL);
  while ((request = take(&office->asked)) || (request = take_answer(office)))
    wk_request_free(request);
  wk_registry_close(office->registry);
  (void)pthread_cond_destroy(&office->idle);
  (void)pthread_cond_destroy(&office->work);
  (void)pthread_mutex_destroy(&office->lock);
  free(office->master);
  free(office->path);
  free(office);
}

static enum wk_err queue(struct wk_office *office, struct wk_request *request,
                         struct wk_why *why) {
  if (!office->running &&
      pthread_create(&office->thread, NULL, work, office) != 0)
    return wk_fail(why, WK_ERR_MEMORY, "no thread for administration");
  office->running = true;
  (void)pthread_mutex_lock(&office->lock);
  const bool room = office->count < WK_OFFICE_MAX;
  if (room) {
    office->count++;
    office->open++;
    append(&office->asked, request);
    (void)pthread_cond_signal(&office->work);
  }
  (void)pthread_mutex_unlock(&office->lock);
  return room ? WK_OK
              : wk_fail(why, WK_ERR_BUSY,
                        "%u requests wait already: ask again later",
                        WK_OFFICE_MAX);
}

bool wk_office_ask(struct wk_office *office, struct wk_request *request) {
  if (queue(office, request, &request->refusal) == WK_OK)
    return true;
  request->answer = wk_commands_refuse(&request->refusal);
  return false;
}

struct wk_request *wk_office_take(struct wk_office *office) {
  (void)pthread_mutex_lock(&office->lock);
  struct wk_request *request = take_answer(office);
  if (request)
    office->count--;
  (void)pthread_mutex_unlock(&office->lock);
  return request;
}

void wk_office_wait(struct wk_office *office, int ms) {
  const struct timespec until = wk_steady_after(ms < 0 ? 0 : ms);
  int err = 0;
  (void)pthread_mutex_lock(&office->lock);
  while (office->open > 0 && err == 0)
    err = ms < 0
              ? pthread_cond_wait(&office->idle, &office->lock)
              : pthread_cond_timedwait(&office->idle, &office->lock, &until);
  (void)pthread_mutex_unlock(&office->lock);
}

bool wk_office_answer_waits(void) {
  return atomic_load(&answers) > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <whitekey/file.h>
#include <whitekey/log.h>
#include <whitekey/steady.h>

#define EVENTS 64

/* ---- opening ------------------------------------------------------------ */

static void on_signal(struct watch *watch, uint32_t events) {
  struct agent *agent = watch->owner;
  (void)events;
  agent->stopping = true;
}

static enum wk_err open_signals(struct agent *agent, struct wk_why *why) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP); /* its terminal is gone */
  (void)sigprocmask(SIG_BLOCK, &set, NULL);
  agent->signals =
      (struct watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
                     .ready = on_signal,
                     .owner = agent};
  if (agent->signals.fd < 0 ||
      !watch_set(&agent->signals, agent->epoll, EPOLLIN))
    return wk_fail(why, WK_ERR_IO, "signalfd: %s", strerror(errno));
  return WK_OK;
}

static enum wk_err open_client(struct wk_client **client,
                               const struct config *config,
                               struct wk_why *why) {
  wk_clock *clock = config->no_clock ? NULL : wk_clock_system;
  if (config->dongle)
    return wk_client_open_dongle(client, config->dongle, clock, NULL, why);
  const enum wk_err err =
      wk_client_open(client, config->credential, clock, NULL, why);
  if (err == WK_OK && wk_client_has_user(*client))
    return wk_fail(
        why, WK_ERR_ARGUMENT,
        "%s: holds a user's chain (D), and here is no user to agree",
        config->credential);
  return err == WK_OK ? wk_file_replaceable(config->credential, why) : err;
}

static enum wk_err open_tls(struct wk_tls_context **tls,
                            const struct config *config, struct wk_why *why) {
  const struct wk_tls_trust trust = {
      .cafile = config->cafile, .pin = config->pinned ? config->pin : NULL};
  return config->broker.tls ? wk_tls_context_new(tls, &trust, why) : WK_OK;
}

enum wk_err agent_check(const struct config *config, struct wk_why *why) {
  struct wk_client *client = NULL;
  struct wk_tls_context *tls = NULL;
  enum wk_err err = open_client(&client, config, why);
  if (config->dongle && err == WK_ERR_BUSY)
    err = WK_OK; /* the agent that is at work has it */
  if (err == WK_OK)
    err = open_tls(&tls, config, why);
  wk_tls_context_free(tls);
  wk_client_free(client);
  return err;
}

enum wk_err agent_open(struct agent *agent, const struct config *config,
                       struct wk_why *why) {
  memset(agent, 0, sizeof *agent);
  agent->config = config;
  agent->now = wk_steady_ms();
  agent->signals.fd = -1;
  agent->resolver.watch.fd = -1;
  agent->dongle.fd = -1;
  agent->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (agent->epoll < 0)
    return wk_fail(why, WK_ERR_IO, "epoll: %s", strerror(errno));
  enum wk_err err = open_client(&agent->client, config, why);
  if (err == WK_OK)
    wk_client_no_wait(agent->client);
  if (err == WK_OK && !config->dongle)
    err = wk_client_reserve(agent->client, config->reserve, why);
  if (err == WK_OK)
    err = open_tls(&agent->tls, config, why);
  if (err == WK_OK)
    err = open_signals(agent, why);
  if (err == WK_OK)
    err = turn_init(agent, why);
  if (err == WK_OK)
    err = listen_open(agent, why);
  return err;
}

/* ---- running ------------------------------------------------------------ */

/* Milliseconds until the first deadline, -1: there is none. */
static int next_due(const struct agent *agent) {
  int64_t first = INT64_MAX;
  for (const struct session *s = agent->sessions; s; s = s->next) {
    if (s->deadline != 0 && s->deadline < first)
      first = s->deadline;
  }
  if (first == INT64_MAX)
    return -1;
  return first > agent->now ? (int)(first - agent->now) : 0;
}

static void look_at_clock(struct agent *agent) {
  for (struct session *s = agent->sessions; s; s = s->next) {
    if (s->deadline != 0 && s->deadline <= agent->now) {
      s->deadline = 0;
      session_late(s);
    }
  }
}

/* Events of a dead session may have been on their way until now. */
static void bury(struct agent *agent, bool all) {
  struct session **link = &agent->sessions;
  while (*link) {
    struct session *session = *link;
    if (!all && session->state != SESSION_DEAD) {
      link = &session->next;
      continue;
    }
    *link = session->next;
    agent->session_count--;
    session_free(session);
  }
  if (!agent->stopping)
    listen_watch(agent, agent->session_count < AGENT_SESSIONS_MAX ||
                            session_silent(agent) != NULL);
}

enum wk_err agent_run(struct agent *agent, struct wk_why *why) {
  struct epoll_event events[EVENTS];
  while (!agent->stopping) {
    const int count =
        epoll_wait(agent->epoll, events, EVENTS, next_due(agent));
    if (count < 0 && errno != EINTR)
      return wk_fail(why, WK_ERR_IO, "epoll: %s", strerror(errno));
    agent->now = wk_steady_ms();
    for (int i = 0; i < count; i++) {
      struct watch *watch = events[i].data.ptr;
      watch->ready(watch, events[i].events);
    }
    look_at_clock(agent);
    bury(agent, false);
  }
  return WK_OK;
}

void agent_close(struct agent *agent) {
  agent->stopping = true;
  agent->turn = NULL;
  listen_close(agent);
  bury(agent, true);
  resolver_end(&agent->resolver);
  if (agent->signals.fd >= 0)
    (void)close(agent->signals.fd);
  if (agent->epoll >= 0)
    (void)close(agent->epoll);
  wk_tls_context_free(agent->tls);
  wk_client_free(agent->client);
}

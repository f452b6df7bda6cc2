/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a login: look the broker up, connect, TLS, CONNECT, proof. One
 * session has its turn at a time, because one credential makes one login after
 * the other. A login is spent only when the connection stands: a night without
 * a broker costs none.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <whitekey/log.h>

#include "agent.h"

#define STEP_MS 5000
#define LOGGING_MS 30000 /* with what a slow line brings before the proof */
#define READ_BYTES 16384u

static const char malformed[] = "the broker's answer is malformed";

/* ---- the dongle --------------------------------------------------------- */

static void leave_dongle(struct agent *agent) {
  if (agent->dongle.added)
    (void)watch_set(&agent->dongle, agent->epoll, 0);
}

/* Its answer comes within a tenth of a second, or not at all. */
static bool watch_dongle(struct session *session) {
  struct agent *agent = session->agent;
  const struct wk_wait wait = wk_client_wait(agent->client);
  session->deadline = wait.until < session->last_deadline
                          ? wait.until
                          : session->last_deadline;
  if (wait.fd < 0 && !session->touch) {
    wk_log(WK_LOG_NOTICE, "client \"%s\": touch the sensor of %s's dongle",
           session->name, wk_client_id(agent->client)->did);
    session->touch = true;
  }
  agent->dongle.fd = wait.fd;
  return wait.fd < 0 || watch_set(&agent->dongle, agent->epoll,
                                  wait.out ? EPOLLOUT : EPOLLIN);
}

/* ---- how a turn ends ---------------------------------------------------- */

static void succeed(struct session *session) {
  struct agent *agent = session->agent;
  pause_none(session);
  agent->turn = NULL;
  agent->newest = session;
  agent->newest_at = agent->now;
  wk_log(WK_LOG_NOTICE, "client \"%s\" is logged in as %s", session->name,
         wk_client_id(agent->client)->did);
  session_join(session);
  turn_next(agent);
}

void turn_left(struct session *session) {
  struct agent *agent = session->agent;
  if (agent->newest == session)
    agent->newest = NULL;
  if (agent->turn != session)
    return;
  agent->turn = NULL;
  leave_dongle(agent);
  wk_client_give_up(agent->client);
  turn_next(agent);
}

/* Else one that comes and goes would use the chain up, and without a proof no
 * key update is begun. */
bool turn_gone(struct session *session) {
  if (session->state != SESSION_LOGGING ||
      session->login.step == LOGIN_DRAWING)
    return false;
  pause_one(session, "the program left before it was let in");
  return true;
}

/* ---- the conversation --------------------------------------------------- */

static bool watch_far(struct session *session, uint32_t events) {
  return watch_set(&session->far.watch, session->agent->epoll, events);
}

/* A server that refuses a valid login may ask for a challenge: after a
 * restored backup, or where the device has no time to send. */
static void learn(struct session *session) {
  struct agent *agent = session->agent;
  if (!session->login.denied || agent->challenge)
    return;
  agent->challenge = true;
  wk_log(WK_LOG_NOTICE, "from now on MQTT 5 logins answer a challenge");
}

static bool watch_conversation(struct session *session) {
  const bool more = session->far.out.len > 0;
  return watch_far(session, EPOLLIN | (more ? (uint32_t)EPOLLOUT : 0u));
}

static void closed(struct session *session) {
  static const char cause[] = "the broker closed the connection";
  if (session->login.step == LOGIN_ASKED)
    pause_one(session, cause);
  else
    pause_all(session, cause);
}

/* The login went on by a step or did not. */
static void spoke(struct session *session) {
  struct login *login = &session->login;
  const bool sent = end_send(&session->far, buffer_at(&login->to_broker),
                             login->to_broker.len);
  buffer_drop(&login->to_broker, login->to_broker.len);
  if (login->step == LOGIN_DONE && sent) {
    succeed(session);
  } else if (login->step == LOGIN_REFUSED && !login->busy) {
    learn(session);
    pause_one(session, login->why.text);
  } else if (login->step == LOGIN_REFUSED || login->step == LOGIN_FAILED) {
    pause_all(session, login->why.text);
  } else if (!sent || !watch_conversation(session) ||
             (login->waits && !watch_dongle(session))) {
    closed(session);
  }
}

static enum login_method method_for(const struct session *session) {
  const struct agent *agent = session->agent;
  const bool v5 = session->asked.version == WK_MQTT_5;
  return agent->config->challenge || (v5 && agent->challenge) ? LOGIN_CHALLENGE
                                                              : LOGIN_PLAIN;
}

/* Takes the packets off that are whole, unless the dongle comes first; false:
 * no MQTT. */
static bool take_packets(struct session *session) {
  struct buffer *in = &session->far_in;
  struct wk_mqtt_frame frame;
  while (session->login.step < LOGIN_DONE && !session->login.waits &&
         in->len > 0) {
    switch (wk_mqtt_frame(&frame, buffer_at(in), in->len, LOGIN_HELD_MAX)) {
    case WK_MQTT_WHOLE:
      if (login_packet(&session->login, &frame, buffer_at(in)))
        buffer_drop(in, frame.len);
      break;
    case WK_MQTT_MORE:
      return true;
    case WK_MQTT_MALFORMED:
    case WK_MQTT_LARGE:
    default:
      return false;
    }
  }
  return true;
}

/* The login goes on as far as it can. */
static void carry_on(struct session *session, enum wk_err err) {
  if (err != WK_OK && err != WK_ERR_AGAIN)
    pause_all(session, session->login.why.text);
  else if (!take_packets(session))
    pause_all(session, malformed);
  else
    spoke(session);
}

static void log_in(struct session *session) {
  struct agent *agent = session->agent;
  struct login *login = &session->login;
  session->state = SESSION_LOGGING;
  session->deadline = agent->now + STEP_MS;
  session->last_deadline = agent->now + LOGGING_MS;
  session->most_held = 0;
  session->touch = false;
  *login = (struct login){.client = agent->client,
                          .method = method_for(session),
                          .when = agent->config->key_update};
  carry_on(session, login_begin(login, &session->asked));
}

/* The dongle has said more, or has had its time. */
static void resume(struct session *session) {
  const int64_t later = session->agent->now + STEP_MS;
  leave_dongle(session->agent);
  session->deadline =
      later < session->last_deadline ? later : session->last_deadline;
  carry_on(session, login_resume(&session->login, &session->asked));
}

static void dongle_ready(struct watch *watch, uint32_t events) {
  const struct agent *agent = watch->owner;
  struct session *session = agent->turn;
  (void)events;
  if (session && session->state == SESSION_LOGGING && session->login.waits)
    resume(session);
}

void turn_late(struct session *session) {
  const struct agent *agent = session->agent;
  if (session->state == SESSION_LOGGING && session->login.waits &&
      agent->now < session->last_deadline) {
    resume(session); /* it is the dongle that is late */
    return;
  }
  if (session->state != SESSION_LOGGING)
    pause_all(session, "no connection in time");
  else if (session->touch)
    pause_one(session, "no finger on the dongle's sensor");
  else
    pause_all(session, login_missing(&session->login));
}

/* The client's messages are on their way: that takes its time. */
static void allow_more_time(struct session *session) {
  const int64_t later = session->agent->now + STEP_MS;
  const size_t held = session->login.to_client.len + session->far_in.len;
  if (held <= session->most_held)
    return;
  session->most_held = held;
  session->deadline =
      later < session->last_deadline ? later : session->last_deadline;
}

static void listen_to_broker(struct session *session) {
  struct buffer *in = &session->far_in;
  ssize_t got = 1;
  size_t total = 0;
  while (session->login.step < LOGIN_DONE &&
         (total < AGENT_TURN_BYTES || end_pending(&session->far))) {
    uint8_t *room = buffer_room(in, READ_BYTES, 2 * LOGIN_HELD_MAX);
    errno = ECONNRESET;
    got = room ? end_read(&session->far, room, READ_BYTES) : -1;
    if (got <= 0)
      break;
    in->len += (size_t)got;
    total += (size_t)got;
    if (!take_packets(session)) {
      pause_all(session, malformed);
      return;
    }
  }
  allow_more_time(session);
  const bool later = got > 0 || (got < 0 && errno == EAGAIN);
  if ((session->login.step >= LOGIN_DONE || later) && end_flush(&session->far))
    spoke(session);
  else
    closed(session);
}

/* ---- connecting --------------------------------------------------------- */

static void shake(struct session *session) {
  struct wk_why why;
  switch (wk_tls_handshake(session->far.tls, &why)) {
  case WK_TLS_DONE:
    log_in(session);
    return;
  case WK_TLS_READ:
    if (watch_far(session, EPOLLIN))
      return;
    break;
  case WK_TLS_WRITE:
    if (watch_far(session, EPOLLOUT))
      return;
    break;
  case WK_TLS_FAILED:
  default:
    pause_all(session, why.text);
    return;
  }
  pause_all(session, strerror(errno));
}

static void connected(struct session *session) {
  const struct agent *agent = session->agent;
  const struct config *config = agent->config;
  if (!agent->tls) {
    log_in(session);
    return;
  }
  session->far.tls = wk_tls_new(agent->tls, session->far.watch.fd,
                                config->server_name ? config->server_name
                                                    : config->broker.host);
  session->state = SESSION_SHAKING;
  session->deadline = agent->now + STEP_MS;
  if (session->far.tls)
    shake(session);
  else
    pause_all(session, "out of memory");
}

static bool begin_connect(struct session *session) {
  const struct addrinfo *address = session->address;
  const int one = 1;
  const int fd = socket(address->ai_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  session->far.watch.fd = fd;
  if (fd < 0)
    return false;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, address->ai_addr, address->ai_addrlen) != 0 &&
      errno != EINPROGRESS)
    return false;
  return watch_far(session, EPOLLOUT);
}

/* Tries the addresses in the order that the resolver prefers. */
static void dial(struct session *session) {
  session->state = SESSION_DIALING;
  session->deadline = session->agent->now + STEP_MS;
  for (; session->address; session->address = session->address->ai_next) {
    if (begin_connect(session))
      return;
    session->connect_error = errno;
    end_close(&session->far);
  }
  pause_all(session, strerror(session->connect_error));
}

static void dialled(struct session *session) {
  int error = 0;
  socklen_t len = sizeof error;
  if (getsockopt(session->far.watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) !=
      0)
    error = errno;
  if (error == 0) {
    connected(session);
    return;
  }
  session->connect_error = error;
  end_close(&session->far);
  session->address = session->address->ai_next;
  dial(session);
}

void turn_ready(struct session *session) {
  if (session->state == SESSION_DIALING)
    dialled(session);
  else if (session->state == SESSION_SHAKING)
    shake(session);
  else if (session->state == SESSION_LOGGING)
    listen_to_broker(session);
}

/* ---- whose turn --------------------------------------------------------- */

static void resolved(struct watch *watch, uint32_t events) {
  struct agent *agent = watch->owner;
  struct session *session = agent->turn;
  struct addrinfo *found = resolver_take(&agent->resolver);
  (void)events;
  if (!session || session->state != SESSION_RESOLVING) {
    if (found)
      freeaddrinfo(found);
    turn_next(agent);
  } else if (found) {
    session->addresses = found;
    session->address = found;
    dial(session);
  } else {
    pause_all(session, gai_strerror(agent->resolver.error));
  }
}

enum wk_err turn_init(struct agent *agent, struct wk_why *why) {
  agent->resolver.watch.ready = resolved;
  agent->resolver.watch.owner = agent;
  agent->dongle.ready = dongle_ready;
  agent->dongle.owner = agent;
  if (resolver_init(&agent->resolver, &agent->config->broker) &&
      watch_set(&agent->resolver.watch, agent->epoll, EPOLLIN))
    return WK_OK;
  return wk_fail(why, WK_ERR_IO, "eventfd: %s", strerror(errno));
}

void turn_next(struct agent *agent) {
  struct session *session = agent->sessions;
  if (agent->turn || agent->resolver.busy || agent->stopping ||
      !backoff_over(&agent->backoff, agent->now))
    return;
  while (session && session->state != SESSION_WAITING)
    session = session->next;
  if (!session)
    return;
  agent->turn = session;
  session->state = SESSION_RESOLVING;
  session->deadline = agent->now + STEP_MS;
  if (!resolver_start(&agent->resolver))
    pause_all(session, "no thread to look the broker up");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <whitekey/log.h>

#include "agent.h"

#define GREETING_MS 10000
#define WAITING_MS 30000
#define CLOSING_MS 2000
#define KICKED_MS 1000

/* ---- what is watched ---------------------------------------------------- */

static void die(struct session *session) {
  session->state = SESSION_DEAD;
  end_close(&session->near);
  end_close(&session->far);
  turn_left(session);
}

static bool watch_end(struct end *end, int epoll, uint32_t in) {
  const uint32_t out = end->out.len > 0 ? EPOLLOUT : 0;
  return end->watch.fd < 0 || watch_set(&end->watch, epoll, in | out);
}

/* Nobody reads more than the other end takes. */
static void watch_relay(struct session *session) {
  const int epoll = session->agent->epoll;
  struct end *near = &session->near;
  struct end *far = &session->far;
  if (!watch_end(near, epoll, far->out.len == 0 ? EPOLLIN : 0) ||
      !watch_end(far, epoll, near->out.len == 0 ? EPOLLIN : 0))
    die(session);
}

static void watch_closing(struct session *session) {
  const int epoll = session->agent->epoll;
  if (!watch_end(&session->near, epoll, EPOLLIN) ||
      !watch_end(&session->far, epoll, 0))
    die(session);
}

/* ---- closing ------------------------------------------------------------ */

/* The client's last bytes are read and dropped: closing a socket that has
 * some would take back what was sent to it last. */
static bool drain(struct session *session) {
  size_t total = 0;
  while (total < AGENT_TURN_BYTES) {
    const ssize_t got =
        end_read(&session->near, session->agent->scratch, AGENT_SCRATCH);
    if (got <= 0)
      return got < 0 && errno == EAGAIN;
    total += (size_t)got;
  }
  return true;
}

static void close_on(struct session *session) {
  struct end *near = &session->near;
  struct end *far = &session->far;
  if (far->watch.fd >= 0 && (!end_flush(far) || far->out.len == 0))
    end_close(far);
  if (near->watch.fd >= 0 && !end_flush(near))
    end_close(near);
  if (near->watch.fd >= 0 && near->out.len == 0 && !session->shut) {
    session->shut = true;
    (void)shutdown(near->watch.fd, SHUT_WR);
  }
  if (near->watch.fd >= 0 && !drain(session))
    end_close(near);
  if (near->watch.fd < 0 && far->watch.fd < 0)
    session->state = SESSION_DEAD;
  else
    watch_closing(session);
}

void session_end(struct session *session) {
  turn_left(session);
  session->state = SESSION_CLOSING;
  session->deadline = session->agent->now + CLOSING_MS;
  close_on(session);
}

void session_refuse(struct session *session, uint8_t code) {
  uint8_t connack[LOGIN_REFUSAL_MAX];
  const size_t len = login_refusal(connack, session->asked.version, code);
  end_close(&session->far);
  if (!end_send(&session->near, connack, len))
    die(session);
  else
    session_end(session);
}

/* ---- the greeting ------------------------------------------------------- */

bool session_lives(const struct session *session) {
  return session->state > SESSION_GREETING && session->state < SESSION_CLOSING;
}

static bool same_client(const struct session *a, const struct session *b) {
  const struct wk_span *x = &a->asked.client_id;
  const struct wk_span *y = &b->asked.client_id;
  return x->len > 0 && x->len == y->len && wk_equal(x->data, y->data, x->len);
}

/* The broker closes the older session of a client id, and by its policy every
 * other one of the device: two clients would throw each other out for ever. */
static const struct session *in_the_way(const struct session *session) {
  const struct session *other = session->agent->sessions;
  if (session->agent->config->many)
    return NULL;
  while (other && (other == session || !session_lives(other) ||
                   same_client(other, session)))
    other = other->next;
  return other;
}

static void ask_for_turn(struct session *session) {
  struct agent *agent = session->agent;
  const struct session *other = in_the_way(session);
  if (other) {
    wk_log(WK_LOG_NOTICE,
           "client \"%s\": refused, client \"%s\" is there (clients one)",
           session->name, other->name);
    session_refuse(session, login_busy(session->asked.version));
  } else if (!pause_over(session)) {
    session_refuse(session, pause_code(session));
  } else {
    session->state = SESSION_WAITING;
    session->deadline = agent->now + WAITING_MS;
    /* Its end is all that is to be heard of it now. */
    if (watch_set(&session->near.watch, agent->epoll, EPOLLRDHUP))
      turn_next(agent);
    else
      die(session);
  }
}

static void greeted(struct session *session,
                    const struct wk_mqtt_frame *frame) {
  struct wk_why why;
  const enum wk_err err = login_ask(&session->asked, frame, &why);
  session->connect_len = frame->len;
  (void)snprintf(session->name, sizeof session->name, "%.*s",
                 (int)session->asked.client_id.len,
                 (const char *)session->asked.client_id.data);
  if (err == WK_OK) {
    ask_for_turn(session);
    return;
  }
  wk_log(WK_LOG_NOTICE, "client \"%s\": refused, it sent %s", session->name,
         why.text);
  if (err == WK_ERR_ARGUMENT)
    session_refuse(session, login_credentials(session->asked.version));
  else if (err == WK_ERR_SPACE)
    session_refuse(session, LOGIN_TOO_LARGE);
  else
    die(session);
}

static void read_greeting(struct session *session) {
  struct wk_mqtt_frame frame;
  uint8_t *room = buffer_room(&session->in, 4096, 2 * LOGIN_CONNECT_MAX);
  const ssize_t got = room ? end_read(&session->near, room, 4096) : 0;
  if (got < 0 && errno == EAGAIN)
    return;
  if (got <= 0) {
    die(session);
    return;
  }
  session->in.len += (size_t)got;
  switch (wk_mqtt_frame(&frame, buffer_at(&session->in), session->in.len,
                        LOGIN_CONNECT_MAX)) {
  case WK_MQTT_MORE:
    return;
  case WK_MQTT_WHOLE:
    greeted(session, &frame);
    return;
  case WK_MQTT_MALFORMED:
  case WK_MQTT_LARGE:
  default:
    die(session);
  }
}

/* ---- the relay ---------------------------------------------------------- */

/* Everything that is there, until the other end takes no more. */
static bool pump(struct session *session, struct end *from, struct end *to) {
  size_t total = 0;
  while (to->out.len == 0 && (total < AGENT_TURN_BYTES || end_pending(from))) {
    const ssize_t got = end_read(from, session->agent->scratch, AGENT_SCRATCH);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return true;
    if (got <= 0 || !end_send(to, session->agent->scratch, (size_t)got))
      return false;
    if (got < (ssize_t)AGENT_SCRATCH && !from->tls)
      return true; /* that was all */
    total += (size_t)got;
  }
  return true;
}

/* Who logged in when the broker ended this session, NULL: nobody. */
static const struct session *just_came(const struct session *session) {
  const struct agent *agent = session->agent;
  const struct session *other = agent->turn;
  if (!other || other->state != SESSION_LOGGING)
    other = agent->now - agent->newest_at < KICKED_MS ? agent->newest : NULL;
  return other && other != session && !same_client(other, session) ? other
                                                                   : NULL;
}

/* Told where it is likely: a policy that the agent cannot see. */
static void explain_end(const struct session *session) {
  const struct session *other = just_came(session);
  if (other)
    wk_log(WK_LOG_WARNING,
           "client \"%s\": the broker ended its session when client \"%s\" "
           "logged in; it may allow a device one session only "
           "(plugin_opt_sessions many, or here: clients one)",
           session->name, other->name);
}

/* `from` is ready: it may take more, or have sent some. */
static void relay(struct session *session, struct end *from, struct end *to) {
  if (end_flush(from) && pump(session, from, to) &&
      (!end_pending(to) || pump(session, to, from))) {
    watch_relay(session);
    return;
  }
  if (from == &session->far)
    explain_end(session);
  session_end(session);
}

void session_join(struct session *session) {
  const struct buffer *in = &session->in;
  session->state = SESSION_RELAY;
  session->deadline = 0;
  /* The client may have gone on without an answer, as MQTT lets it. */
  const bool good =
      end_send(&session->near, buffer_at(&session->login.to_client),
               session->login.to_client.len) &&
      end_send(&session->near, buffer_at(&session->far_in),
               session->far_in.len) &&
      end_send(&session->far, buffer_at(in) + session->connect_len,
               in->len - session->connect_len);
  login_end(&session->login);
  buffer_end(&session->far_in);
  if (good)
    relay(session, &session->far, &session->near);
  else
    session_end(session);
}

/* ---- events ------------------------------------------------------------- */

static void near_ready(struct watch *watch, uint32_t events) {
  struct session *session = watch->owner;
  const bool gone = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  switch (session->state) {
  case SESSION_GREETING:
    read_greeting(session);
    break;
  case SESSION_RELAY:
    relay(session, &session->near, &session->far);
    break;
  case SESSION_CLOSING:
    close_on(session);
    break;
  case SESSION_WAITING:
  case SESSION_RESOLVING:
  case SESSION_DIALING:
  case SESSION_SHAKING:
  case SESSION_LOGGING:
    if (gone && !turn_gone(session))
      die(session);
    break;
  case SESSION_DEAD:
  default:
    break;
  }
}

static void far_ready(struct watch *watch, uint32_t events) {
  struct session *session = watch->owner;
  (void)events;
  if (session->state == SESSION_RELAY)
    relay(session, &session->far, &session->near);
  else if (session->state == SESSION_CLOSING)
    close_on(session);
  else if (session->state != SESSION_DEAD)
    turn_ready(session);
}

void session_late(struct session *session) {
  if (session->state == SESSION_WAITING)
    session_refuse(session, login_busy(session->asked.version));
  else if (session->state == SESSION_GREETING ||
           session->state == SESSION_CLOSING)
    die(session);
  else
    turn_late(session);
}

/* ---- life --------------------------------------------------------------- */

bool session_new(struct agent *agent, int fd) {
  struct session *session = calloc(1, sizeof *session);
  struct session **last = &agent->sessions;
  if (!session)
    return false;
  session->agent = agent;
  session->deadline = agent->now + GREETING_MS;
  session->near.watch =
      (struct watch){.fd = fd, .ready = near_ready, .owner = session};
  session->far.watch =
      (struct watch){.fd = -1, .ready = far_ready, .owner = session};
  while (*last)
    last = &(*last)->next;
  *last = session;
  agent->session_count++;
  if (!watch_set(&session->near.watch, agent->epoll, EPOLLIN))
    die(session);
  return true;
}

struct session *session_silent(const struct agent *agent) {
  struct session *session = agent->sessions;
  while (session && session->state != SESSION_GREETING)
    session = session->next;
  return session;
}

bool session_evict(struct agent *agent) {
  struct session *session = session_silent(agent);
  if (session)
    die(session);
  return session != NULL;
}

void session_free(struct session *session) {
  if (session->addresses)
    freeaddrinfo(session->addresses);
  end_close(&session->near);
  end_close(&session->far);
  login_end(&session->login);
  buffer_end(&session->in);
  buffer_end(&session->far_in);
  free(session);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <whitekey/log.h>
#include <whitekey/random.h>

#include "agent.h"

static uint32_t chance(void) {
  uint32_t random;
  wk_random(&random, sizeof random);
  return random;
}

static void begin(const struct session *session, struct backoff *backoff,
                  const char *cause, const char *what) {
  const struct agent *agent = session->agent;
  const int64_t pause = backoff_failed(backoff, agent->now, chance());
  wk_log(WK_LOG_WARNING,
         "client \"%s\": no login at %s port %u: %s; %s in %d.%d s",
         session->name, agent->config->broker.host, agent->config->broker.port,
         cause, what, (int)(pause / 1000), (int)(pause / 100 % 10));
}

static bool is_suspect(const struct session *session) {
  const struct agent *agent = session->agent;
  return agent->suspect_pause.step != 0 &&
         strcmp(agent->suspect, session->name) == 0;
}

bool pause_over(const struct session *session) {
  const struct agent *agent = session->agent;
  return backoff_over(&agent->backoff, agent->now) &&
         (!is_suspect(session) ||
          backoff_over(&agent->suspect_pause, agent->now));
}

uint8_t pause_code(const struct session *session) {
  const struct agent *agent = session->agent;
  return is_suspect(session) &&
                 agent->suspect_version == session->asked.version
             ? agent->suspect_code
             : login_unavailable(session->asked.version);
}

static uint8_t code_of(const struct session *session) {
  const uint8_t code = session->login.code;
  return code ? code : login_unavailable(session->asked.version);
}

/* This one last: its turn goes to who still waits then. */
static void refuse(struct session *session) {
  for (struct session *s = session->agent->sessions; s; s = s->next) {
    if (s->state == SESSION_WAITING && !pause_over(s))
      session_refuse(s, pause_code(s));
  }
  session_refuse(session, code_of(session));
}

void pause_all(struct session *session, const char *cause) {
  struct agent *agent = session->agent;
  begin(session, &agent->backoff, cause, "next try");
  backoff_reset(&agent->suspect_pause);
  refuse(session);
}

void pause_one(struct session *session, const char *cause) {
  struct agent *agent = session->agent;
  const bool another = agent->suspect_pause.step != 0 && !is_suspect(session);
  if (another && !agent->others_are_fine) {
    pause_all(session, cause);
    return;
  }
  if (another)
    backoff_reset(&agent->suspect_pause);
  agent->others_are_fine = false;
  memcpy(agent->suspect, session->name, sizeof agent->suspect);
  agent->suspect_code = code_of(session);
  agent->suspect_version = session->asked.version;
  begin(session, &agent->suspect_pause, cause, "its next try");
  refuse(session);
}

void pause_none(const struct session *session) {
  struct agent *agent = session->agent;
  backoff_reset(&agent->backoff);
  if (is_suspect(session))
    backoff_reset(&agent->suspect_pause);
  else
    agent->others_are_fine = true;
}

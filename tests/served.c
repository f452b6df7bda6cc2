/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

enum op { OP_LOGIN, OP_X3, OP_FLUSH, OP_STOP };

struct request {
  enum op op;
  uint32_t now;
  char did[WK_DID_MAX + 1];
  struct wk_otp otp;
  uint8_t x3[WK_X3_LEN];
};

struct response {
  bool done;
  struct served_login login;
  uint8_t x4[WK_X4_LEN];
};

static pid_t process;
static int line = -1;

/* ---- the server's process ----------------------------------------------- */

static struct wk_server *server;
static struct wk_accepted session;

static bool on_login(const struct request *request,
                     struct served_login *login) {
  struct wk_attempt attempt = {.did = ""};
  struct wk_policy policy;
  struct wk_verdict verdict;
  char text[WK_PASSWORD_MAX + 1];
  wk_policy_init(&policy);
  wk_otp_password(&request->otp, text);
  wk_attempt_password(&attempt, request->did, text);
  attempt.now = request->now;
  login->reason = wk_server_login(server, &policy, &attempt, &verdict);
  login->user = verdict.user;
  if (login->reason != WK_REASON_OK)
    return true;
  session = verdict.accepted;
  login->has_d = attempt.has_x2;
  return wk_server_reply(server, &session, attempt.now, WK_ROLE_C, login->c) ==
             WK_OK &&
         wk_server_reply(server, &session, attempt.now, WK_ROLE_D, login->d) ==
             WK_OK;
}

static bool serve(const struct request *request, struct response *response) {
  enum wk_status status;
  switch (request->op) {
  case OP_LOGIN:
    return on_login(request, &response->login);
  case OP_X3:
    return wk_server_update(server, &session, request->x3, WK_X3_LEN,
                            request->now, response->x4, &status) == WK_OK;
  case OP_FLUSH:
    while (wk_server_flush(server, NULL) == WK_OK)
      ;
    return wk_server_healthy(server, NULL);
  case OP_STOP:
    wk_server_close(server);
    return true;
  default:
    return false;
  }
}

static void run(int fd, const char *registry, const char *master) {
  const struct response ready = {.done = true};
  struct request request;
  if (wk_server_open(&server, registry, master, NULL) != WK_OK ||
      write(fd, &ready, sizeof ready) != sizeof ready)
    _exit(1);
  while (read(fd, &request, sizeof request) == sizeof request) {
    struct response response = {.done = false};
    response.done = serve(&request, &response);
    if (write(fd, &response, sizeof response) != sizeof response)
      _exit(1);
  }
  _exit(0);
}

/* ---- the test's --------------------------------------------------------- */

static void ask(const struct request *request, struct response *response) {
  cr_assert_eq(write(line, request, sizeof *request),
               (ssize_t)sizeof *request);
  cr_assert_eq(read(line, response, sizeof *response),
               (ssize_t)sizeof *response);
  cr_assert(response->done, "op %d", (int)request->op);
}

void served_start(const char *registry, const char *master) {
  int ends[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  process = fork();
  cr_assert(process >= 0);
  if (process == 0) {
    (void)close(ends[0]);
    run(ends[1], registry, master);
  }
  (void)close(ends[1]);
  line = ends[0];
  struct response ready = {.done = false};
  cr_assert_eq(read(line, &ready, sizeof ready), (ssize_t)sizeof ready);
  cr_assert(ready.done, "the server did not open");
}

static void gone(void) {
  (void)close(line);
  cr_assert_eq(waitpid(process, NULL, 0), process);
}

void served_stop(void) {
  const struct request request = {.op = OP_STOP};
  struct response response;
  ask(&request, &response);
  gone();
}

void served_kill(void) {
  cr_assert_eq(kill(process, SIGKILL), 0);
  gone();
}

void served_flush(void) {
  const struct request request = {.op = OP_FLUSH};
  struct response response;
  ask(&request, &response);
}

void served_login(struct served_login *login, const char *did,
                  const struct wk_otp *otp, uint32_t now) {
  struct request request = {.op = OP_LOGIN, .now = now, .otp = *otp};
  struct response response;
  cr_assert(strlen(did) <= WK_DID_MAX);
  memcpy(request.did, did, strlen(did) + 1);
  ask(&request, &response);
  *login = response.login;
}

void served_x3(uint8_t x4[WK_X4_LEN], const uint8_t x3[WK_X3_LEN],
               uint32_t now) {
  struct request request = {.op = OP_X3, .now = now};
  struct response response;
  memcpy(request.x3, x3, WK_X3_LEN);
  ask(&request, &response);
  memcpy(x4, response.x4, WK_X4_LEN);
}

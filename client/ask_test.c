/* SPDX-License-Identifier: Apache-2.0 */
/* A question that nobody waits for, on a line whose other end is the test. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"

static struct asking asking;
static int master;
static int kept; /* so that the line lives until the test cuts it */

static void begin(void) {
  struct termios mode;
  master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  kept = open(ptsname(master), O_RDWR | O_NOCTTY);
  cr_assert_eq(tcgetattr(kept, &mode), 0);
  cfmakeraw(&mode);
  cr_assert_eq(tcsetattr(kept, TCSANOW, &mode), 0);
  asking_init(&asking, ptsname(master));
  asking.no_wait = true;
}

static void end(void) {
  asking_end(&asking);
  (void)close(kept);
  if (master >= 0)
    (void)close(master);
}

TestSuite(ask, .init = begin, .fini = end);

static enum wk_err ask(enum wk_line_op op, uint8_t *answer) {
  const struct question q = {.op = op};
  const uint8_t *content = NULL;
  size_t len = 0;
  const enum wk_err err = asking_ask(&asking, &q, &content, &len, NULL);
  if (err == WK_OK)
    *answer = content[0];
  return err;
}

/* The dongle says it, in answer to that. */
static void say(enum wk_line_op op, uint8_t status) {
  const uint8_t content[] = {(uint8_t)(op | WK_LINE_REPLY), status};
  uint8_t wire[FRAME_WIRE_MAX];
  const size_t len = frame_write(wire, content, sizeof content);
  cr_assert_eq(write(master, wire, len), (ssize_t)len);
}

/* What the dongle was asked last. */
static uint8_t heard(void) {
  static struct frame frame;
  const uint8_t *content = NULL;
  uint8_t op = 0;
  uint8_t byte = 0;
  size_t len = 0;
  while (read(master, &byte, 1) == 1) {
    if (frame_take(&frame, byte, &content, &len))
      op = content[0];
  }
  return op;
}

/* The first question of all finds out where the line stands. */
static void get_in_step(void) {
  uint8_t answer = 0;
  cr_assert_eq(ask(WK_LINE_INFO, &answer), WK_ERR_AGAIN);
  say(WK_LINE_INFO, 0);
  cr_assert_eq(ask(WK_LINE_INFO, &answer), WK_ERR_AGAIN);
  say(WK_LINE_INFO, 0);
  cr_assert_eq(ask(WK_LINE_INFO, &answer), WK_OK);
  (void)heard();
}

Test(ask, no_wait__answer_is_taken_when_it_is_there) {
  uint8_t answer = 0;
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  cr_assert_eq(heard(), WK_LINE_PASSWORD);
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  cr_assert_eq(heard(), 0, "it is asked once");
  say(WK_LINE_PASSWORD, 7);
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_OK);
  cr_assert_eq(answer, 7);
}

Test(ask, no_wait__half_an_answer_is_none) {
  uint8_t wire[FRAME_WIRE_MAX];
  const uint8_t content[] = {WK_LINE_PASSWORD | WK_LINE_REPLY, 7};
  const size_t len = frame_write(wire, content, sizeof content);
  uint8_t answer = 0;
  get_in_step();
  for (size_t i = 0; i < len; i++) {
    cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
    cr_assert_eq(write(master, wire + i, 1), 1);
  }
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_OK);
}

Test(ask, answer__to_another_question_is_passed_over) {
  uint8_t answer = 0;
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  say(WK_LINE_INFO, 1);
  say(WK_LINE_ANSWER, 2);
  say(WK_LINE_PASSWORD, 3);
  while (ask(WK_LINE_PASSWORD, &answer) == WK_ERR_AGAIN)
    continue;
  cr_assert_eq(answer, 3);
}

/* Two passwords for two challenges: the first one must not serve. */
Test(ask, give_up__late_answer_is_not_the_next_ones) {
  uint8_t answer = 0;
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  asking_give_up(&asking);
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  cr_assert_eq(heard(), WK_LINE_INFO);
  say(WK_LINE_PASSWORD, 1);
  say(WK_LINE_INFO, 2);
  while (heard() != WK_LINE_PASSWORD)
    cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  say(WK_LINE_PASSWORD, 3);
  while (ask(WK_LINE_PASSWORD, &answer) == WK_ERR_AGAIN)
    continue;
  cr_assert_eq(answer, 3);
}

Test(ask, another_question__gives_the_first_one_up) {
  uint8_t answer = 0;
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  (void)heard();
  cr_assert_eq(ask(WK_LINE_UPDATE, &answer), WK_ERR_AGAIN);
  cr_assert_eq(heard(), WK_LINE_INFO);
}

Test(ask, line__that_is_cut_is_told) {
  uint8_t answer = 0;
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  (void)close(master);
  master = -1;
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_MISSING);
  cr_assert_eq(asking.serial.fd, -1);
}

/* A line that never falls silent does not keep its reader for ever. */
Test(ask, noise__is_read_in_portions) {
  uint8_t noise[2048];
  uint8_t answer = 0;
  memset(noise, 'n', sizeof noise);
  get_in_step();
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  cr_assert_eq(write(master, noise, sizeof noise), (ssize_t)sizeof noise);
  cr_assert_eq(ask(WK_LINE_PASSWORD, &answer), WK_ERR_AGAIN);
  cr_assert_eq(read(asking.serial.fd, noise, sizeof noise), 1024);
}

/* Of a user who may not, the usual case on a machine with a new dongle. */
Test(ask, port__of_a_group_is_told) {
  const struct question q = {.op = WK_LINE_INFO};
  const uint8_t *content = NULL;
  struct wk_why why = {""};
  size_t len = 0;
  cr_assert_eq(fchmod(kept, 0020), 0);
  if (geteuid() == 0)
    cr_assert(setgroups(0, NULL) == 0 && setegid(65534) == 0 &&
              seteuid(65534) == 0);
  cr_assert_eq(asking_ask(&asking, &q, &content, &len, &why), WK_ERR_IO);
  cr_assert(strstr(why.text, ": Permission denied: it is for the group "),
            "%s", why.text);
}

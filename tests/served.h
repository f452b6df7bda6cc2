/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served.h - a real server in a process of its own, for tests that kill it.
 * It serves one registry and speaks for the broker: a login's X4s come with
 * its answer, and an X3 belongs to the session that was accepted last. It has
 * no background writer, so a kill loses what served_flush() did not write.
 */
#ifndef WHITEKEY_TESTS_SERVED_H
#define WHITEKEY_TESTS_SERVED_H

#include <whitekey/client.h>
#include <whitekey/server.h>

/* Every function fails the test where the server does not answer. */
void served_start(const char *registry, const char *master);
void served_stop(void); /* clean */
void served_kill(void);
void served_flush(void);

struct served_login {
  enum wk_reason reason;
  bool user;
  bool has_d;
  uint8_t c[WK_X4_LEN]; /* X4 of an accepted login */
  uint8_t d[WK_X4_LEN]; /* and the one for chain D */
};
void served_login(struct served_login *login, const char *did,
                  const struct wk_otp *otp, uint32_t now);

void served_x3(uint8_t x4[WK_X4_LEN], const uint8_t x3[WK_X3_LEN],
               uint32_t now);

#endif

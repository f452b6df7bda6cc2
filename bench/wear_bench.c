/* SPDX-License-Identifier: Apache-2.0 */
/* wear_bench CREDENTIAL RESERVE LOGINS: so many logins, all accepted. What the
 * disk got to do is for scripts/wear.sh to see. */
#include <stdio.h>
#include <stdlib.h>

#include <whitekey/client.h>

static enum wk_err log_in(struct wk_client *client, uint32_t reserve,
                          unsigned long logins, struct wk_why *why) {
  struct wk_otp otp;
  enum wk_err err = wk_client_reserve(client, reserve, why);
  for (unsigned long i = 0; i < logins && err == WK_OK; i++) {
    err = wk_client_next(client, NULL, &otp, why);
    wk_client_accepted(client);
  }
  wk_wipe(&otp, sizeof otp);
  return err;
}

int main(int argc, char **argv) {
  struct wk_client *client = NULL;
  struct wk_why why = {"usage: wear_bench CREDENTIAL RESERVE LOGINS"};
  enum wk_err err = WK_ERR_ARGUMENT;
  if (argc == 4)
    err = wk_client_open(&client, argv[1], wk_clock_system, NULL, &why);
  if (err == WK_OK)
    err = log_in(client, (uint32_t)strtoul(argv[2], NULL, 10),
                 strtoul(argv[3], NULL, 10), &why);
  wk_client_free(client);
  if (err != WK_OK)
    (void)fprintf(stderr, "%s\n", why.text);
  return err == WK_OK ? 0 : 1;
}

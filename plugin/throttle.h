/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - how many refusals of one address are told one by one; the rest
 * is counted. An address is an IPv4 address or an IPv6 /64. A fixed table: a
 * flood of addresses makes it forget the least guilty.
 *
 * Nothing here refuses a login: see docs/adr/0009.
 */
#ifndef WHITEKEY_PLUGIN_THROTTLE_H
#define WHITEKEY_PLUGIN_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define WK_THROTTLE_BURST 100u /* refusals told at once */
#define WK_THROTTLE_RATE 5u    /* and a second, later */
#define WK_THROTTLE_TELL_MS 60000
#define WK_THROTTLE_TEXT 64u

struct wk_throttle;

/* NULL when out of memory. */
struct wk_throttle *wk_throttle_new(void);
void wk_throttle_free(struct wk_throttle *throttle);

enum wk_throttled {
  WK_THROTTLE_PASS,  /* tell it */
  WK_THROTTLE_BEGIN, /* the first that is only counted, for a while */
  WK_THROTTLE_HOLD   /* counted */
};

/* A refusal; address as the broker writes it, or NULL. now: milliseconds. */
enum wk_throttled wk_throttle_refusal(struct wk_throttle *throttle,
                                      const char *address, int64_t now);

/*
 * How many refusals of some address were counted and not told for
 * WK_THROTTLE_TELL_MS, and whose; they count as told then. 0: none.
 */
unsigned wk_throttle_due(struct wk_throttle *throttle, int64_t now,
                         char address[WK_THROTTLE_TEXT]);

#endif

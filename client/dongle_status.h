/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dongle_status.h - what a dongle's refusal means (docs/dongle.md).
 */
#ifndef WK_CLIENT_DONGLE_STATUS_H
#define WK_CLIENT_DONGLE_STATUS_H

#include <whitekey/why.h>

/* WK_OK for status 0. not_now: the words of WK_LINE_NOT_NOW. */
WK_MUST_CHECK enum wk_err dongle_judge(unsigned status, const char *port,
                                       const char *not_now,
                                       struct wk_why *why);

#endif

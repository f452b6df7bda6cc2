/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dongle_line.h - the numbers on a dongle's serial line, for both of its ends
 * (docs/dongle.md has what they mean and what goes with them).
 */
#ifndef WHITEKEY_DONGLE_LINE_H
#define WHITEKEY_DONGLE_LINE_H

#define WK_LINE_REPLY 0x80u /* an answer's command, beside the question's */

enum wk_line_op {
  WK_LINE_INFO = 1,
  WK_LINE_ENROL = 2,
  WK_LINE_PUBLIC = 3,
  WK_LINE_PASSWORD = 4,
  WK_LINE_ANSWER = 5,
  WK_LINE_RESET = 6,
  WK_LINE_KEY = 7,
  WK_LINE_FINGER = 8,
  WK_LINE_SITE = 9,
  WK_LINE_UPDATE = 10
};

enum wk_line_status {
  WK_LINE_OK = 0,
  WK_LINE_UNKNOWN = 1,   /* no such command */
  WK_LINE_MALFORMED = 2, /* its length or a value */
  WK_LINE_NOT_NOW = 3,   /* not in this state */
  WK_LINE_BUSY = 4,      /* computing its chain: ask again */
  WK_LINE_SPENT = 5,     /* no password is left */
  WK_LINE_LOCKED = 6,    /* wants a finger, and there is none */
  WK_LINE_DAMAGED = 7,   /* the EEPROM */
  WK_LINE_REFUSED = 8,   /* not the server's answer */
  WK_LINE_STRANGER = 9,  /* another finger */
  WK_LINE_UNREADABLE = 10,
  WK_LINE_CHANGED = 11, /* the template in the sensor */
  WK_LINE_SILENT = 12,  /* the sensor */
  WK_LINE_NOISE = 13,
  WK_LINE_SENSOR = 14, /* has another password */
  WK_LINE_STOLEN = 15  /* the server knows a chain that is not ours */
};

#endif

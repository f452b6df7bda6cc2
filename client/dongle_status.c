/* SPDX-License-Identifier: Apache-2.0 */
#include "dongle_status.h"

#include <stddef.h>

enum wk_err dongle_judge(unsigned status, const char *port,
                         const char *not_now, struct wk_why *why) {
  static const struct {
    enum wk_err err;
    const char *words;
  } known[] = {
      [DONGLE_UNKNOWN] = {WK_ERR_MALFORMED,
                          "does not know this command: its firmware is "
                          "older than this program"},
      [2] = {WK_ERR_ARGUMENT, "does not take such a value"},
      [DONGLE_NOT_NOW] = {WK_ERR_EXISTS, NULL},
      [4] = {WK_ERR_BUSY, "still computes its chain"},
      [5] = {WK_ERR_EXHAUSTED, "has no password left: enrol it anew"},
      [6] = {WK_ERR_KEY, "wants a finger, and none lies on its sensor"},
      [7] = {WK_ERR_CORRUPT, "has a damaged EEPROM: erase it and enrol it "
                             "anew"},
      [8] = {WK_ERR_FORGED, "says that this is not its server's answer"},
      [DONGLE_STRANGER] = {WK_ERR_IO, "knows another finger than this one"},
      [10] = {WK_ERR_IO, "cannot read the finger: clean it, put it there "
                         "again"},
      [11] = {WK_ERR_IO, "finds another template in its sensor than the one "
                         "that was set up"},
      [12] = {WK_ERR_IO, "does not hear from its sensor: look at the wires"},
      [13] = {WK_ERR_IO, "hears noise instead of its sensor"},
      [14] = {WK_ERR_IO, "is refused by its sensor, which has another "
                         "password"},
      [15] = {WK_ERR_CHAIN, "did not make the chain that the server has: its "
                            "key was stolen, enrol it again"},
  };
  if (status == 0)
    return WK_OK;
  if (status >= sizeof known / sizeof *known)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: the dongle answers with status %u, which this program "
                   "does not know",
                   port, status);
  return wk_fail(why, known[status].err, "%s: the dongle %s", port,
                 status == DONGLE_NOT_NOW ? not_now : known[status].words);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "dongle_status.h"

#include <stddef.h>

#include <whitekey/dongle_line.h>

enum wk_err dongle_judge(unsigned status, const char *port,
                         const char *not_now, struct wk_why *why) {
  static const struct {
    enum wk_err err;
    const char *words;
  } known[] = {
      [WK_LINE_UNKNOWN] = {WK_ERR_MALFORMED,
                           "does not know this command: its firmware is "
                           "older than this program"},
      [WK_LINE_MALFORMED] = {WK_ERR_ARGUMENT, "does not take such a value"},
      [WK_LINE_NOT_NOW] = {WK_ERR_EXISTS, NULL},
      [WK_LINE_BUSY] = {WK_ERR_BUSY, "still computes its chain"},
      [WK_LINE_SPENT] = {WK_ERR_EXHAUSTED,
                         "has no password left: enrol it anew"},
      [WK_LINE_LOCKED] = {WK_ERR_KEY,
                          "wants a finger, and none lies on its sensor"},
      [WK_LINE_DAMAGED] = {WK_ERR_CORRUPT,
                           "has a damaged EEPROM, or one of another firmware: "
                           "erase it and enrol it anew"},
      [WK_LINE_REFUSED] = {WK_ERR_FORGED,
                           "says that this is not its server's answer"},
      [WK_LINE_STRANGER] = {WK_ERR_IO, "knows another finger than this one"},
      [WK_LINE_UNREADABLE] = {WK_ERR_IO,
                              "cannot read the finger: clean it, put it there "
                              "again"},
      [WK_LINE_CHANGED] = {WK_ERR_IO,
                           "finds another template in its sensor than the one "
                           "that was set up"},
      [WK_LINE_SILENT] = {WK_ERR_IO,
                          "does not hear from its sensor: look at the wires"},
      [WK_LINE_NOISE] = {WK_ERR_IO, "hears noise instead of its sensor"},
      [WK_LINE_SENSOR] = {WK_ERR_IO,
                          "is refused by its sensor, which has another "
                          "password"},
      [WK_LINE_STOLEN] = {WK_ERR_CHAIN,
                          "did not make the chain that the server has: its "
                          "key was stolen, enrol it again"},
  };
  if (status == WK_LINE_OK)
    return WK_OK;
  if (status >= sizeof known / sizeof *known)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: the dongle answers with status %u, which this program "
                   "does not know",
                   port, status);
  return wk_fail(why, known[status].err, "%s: the dongle %s", port,
                 status == WK_LINE_NOT_NOW ? not_now : known[status].words);
}

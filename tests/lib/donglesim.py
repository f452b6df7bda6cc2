# SPDX-License-Identifier: Apache-2.0
"""The dongle's image on a simulated chip, behind a serial port of its own."""

import os
import signal

import wk

LEAKS = os.path.join(wk.SOURCE, "firmware", "tests", "lsan.supp")


class Dongle:
    """whitekey-dongle-sim --fast with an EEPROM that outlives it; port is
    where a program finds it now."""

    def __init__(self, case, *args):
        self.case = case
        self.args = args
        self.eeprom = case.folder.path("eeprom")
        self.start()

    def start(self):
        self.process = self.case.process(
            "whitekey-dongle-sim", "--fast", "--eeprom", self.eeprom,
            *self.args, env={"LSAN_OPTIONS": f"suppressions={LEAKS}"})
        found = self.process.wait_log(r"^port (/\S+)$")
        self.port = found.group(1)

    def power_fails(self):
        """Off in this moment, and on again, at another port."""
        self.process.stop(signal.SIGKILL)
        self.start()

    def restart(self, *args):
        """Off and on again with other arguments."""
        self.args = args
        self.power_fails()

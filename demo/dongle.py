# SPDX-License-Identifier: Apache-2.0
"""A dongle: its real firmware on a simulated chip, first beside a host, then
an MQTT client by itself."""

import re

from stage import HOST

NAME = "door-1"
PROGRAM = "whitekey-dongle-sim"
EEPROM = f"{NAME}.eeprom"
LENGTH = 256  # passwords: a longer chain takes the chip longer


class Dongle:
    def __init__(self, stage, view):
        self.stage = stage
        self.view = view
        self.starts = 0

    def _start(self, *args):
        """Power on; at another port each time."""
        self.starts += 1
        self.chip = self.stage.start(PROGRAM, "--fast", "--eeprom", EEPROM,
                                     *args)
        self.stage.until(lambda: len(self._ports()) == self.starts, self.chip)
        self.port = self._ports()[-1]
        self.view.command(" ".join([PROGRAM, *args, "…"]),
                          f"port {self.port}")

    def _ports(self):
        return re.findall(r"^port (\S+)\n", self.stage.log(PROGRAM), re.M)

    def enrol(self):
        self._start()
        self.stage.must("whitekey", "enrol", NAME, "--dongle", self.port,
                        "--length", str(LENGTH))
        self.view.command(f"whitekey enrol {NAME} --dongle {self.port}",
                          "enrolled, its seed stays inside")

    def password(self):
        return self.stage.must("whitekey", "otp", "--dongle",
                               self.port).strip()

    def go_alone(self):
        """Off, a pin bridged to ground, and on again."""
        self.stage.end(self.chip)
        self._start("--mqtt")
        self.stage.start("socat", f"{self.port},raw,echo=0",
                         f"TCP:{HOST}:{self.stage.port}")
        self.view.command(f"socat {self.port} TCP:{HOST}:{self.stage.port}",
                          "the chip itself logs in and publishes")

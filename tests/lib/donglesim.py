# SPDX-License-Identifier: Apache-2.0
"""The dongle's image on a simulated chip, behind a serial port of its own."""

import os
import pty
import select
import signal
import threading
import tty

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


class HeldLine:
    """A serial line that a program finds at .port instead of the dongle's
    own: what the dongle says can be kept back for a while."""

    def __init__(self, case, dongle):
        self._held, self._awaited = None, None
        self._came = threading.Event()
        self._change = threading.Lock()
        self._far = os.open(dongle.port, os.O_RDWR | os.O_NOCTTY)
        self._near, self._end = pty.openpty()
        for line in (self._far, self._end):
            tty.setraw(line)
        self.port = os.ttyname(self._end)
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        case.addCleanup(self._close)

    def hold(self, command):
        """From the answer to this command on; see wait_held()."""
        with self._change:
            self._awaited = bytes([0xC0, 1, command | 0x80])
            self._seen = b""
            self._came.clear()

    def wait_held(self):
        """Until that answer has come from the dongle."""
        if not self._came.wait(wk.PATIENCE):
            raise AssertionError("the dongle was not asked")

    def release(self):
        with self._change:
            held, self._held, self._awaited = self._held, None, None
            if held:
                os.write(self._near, held)

    def _from_dongle(self, data):
        with self._change:
            if self._awaited and self._held is None:
                self._seen += data
                if self._awaited in self._seen:
                    self._held = b""
                    self._came.set()
            if self._held is None:
                os.write(self._near, data)
            else:
                self._held += data

    def _carry(self):
        while True:
            ready, _, _ = select.select(
                [self._far, self._near, self._stop], [], [])
            if self._stop in ready:
                return
            try:
                if self._far in ready:
                    self._from_dongle(os.read(self._far, 4096))
                if self._near in ready:
                    os.write(self._far, os.read(self._near, 4096))
            except OSError:
                return  # power failed

    def _close(self):
        os.close(self._stopped)
        self._thread.join()
        for line in (self._far, self._near, self._end, self._stop):
            os.close(line)

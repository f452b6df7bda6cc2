# SPDX-License-Identifier: Apache-2.0
"""Key updates between the dongle's image and the real server (protocol
section 6): what a host does with both, and what has to hold whatever happens
to the messages or to the power."""

import struct

import dongle as d
from eeprom import Image
from power_case import N, PowerCase
from registry import Registry

DID = "dongle-1"
ATTEMPTS_MAX = 12
# What a dongle may hear whose updates or answers were lost; never `chain`,
# `clone`, `forged` or `gap`.
HARMLESS = {"ok", "epoch"}


class UpdateCase(PowerCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry()
        self.addCleanup(self.registry.close)
        self.seen = set()

    def enrol(self, n=N):
        self.n = n
        self.registry.enrol(self.dongle, DID, n)
        self.dongle.settle()
        self.seen.clear()

    def draw(self, skip=0):
        """An X1 whose chain and index were never drawn before. A chain that
        was dropped comes again as another draft of its epoch."""
        drafts = Image(self.image()).drafts()
        status, x1 = self.dongle.login(skip=skip, time=self.registry.now)
        self.assertEqual(status, d.OK)
        epoch, index = struct.unpack(">II", x1[2:10])
        drawn = epoch, drafts[epoch], index
        self.assertNotIn(drawn, self.seen)
        self.seen.add(drawn)
        return x1

    def log_in(self, skip=0, hears=True):
        """The reason, and the X4's status where the dongle hears it."""
        x1 = self.draw(skip)
        reason, x4 = self.registry.login(DID, x1)
        self.assertIn(reason, HARMLESS)
        if reason != "ok" or not hears:
            return reason, None
        status, said = self.dongle.ask(d.ANSWER, x4)
        self.assertEqual(status, d.OK)
        return reason, said[0]

    def go_to_due(self, short=0):
        """To where less than a quarter is left, or less than 3R; so many
        passwords before."""
        due = self.n + 2 - max(self.n // 4, 3 * 64) - short
        while (left := due - self.dongle.info()["next"]) > 0:
            self.log_in(skip=min(left - 1, 64))
            self.dongle.settle()

    def prepare(self, when=d.DUE):
        """The next chain is computed, if it was not begun before."""
        if self.dongle.info()["update"] == d.NONE:
            self.assertEqual(self.dongle.update(when)[0], d.BUSY)
        while self.dongle.info()["update"] == d.PREPARING:
            self.dongle.idle(d.HZ)
        self.assertEqual(self.dongle.info()["update"], d.PREPARED)

    def send(self, hears=True):
        """X3 in the session of the last login; the status of its X4."""
        status, x3 = self.dongle.update()
        self.assertEqual(status, d.OK)
        x4 = self.registry.x3(x3)
        if hears:
            status, said = self.dongle.ask(d.ANSWER, x4)
            self.assertEqual(status, d.OK)
            return said[0]
        return None

    def to_open(self):
        """Up to an open update that the server has taken."""
        self.enrol()
        self.go_to_due()
        self.prepare()
        self.log_in()
        self.assertEqual(self.send(), 2)

    def epoch(self):
        return self.dongle.info()["epoch"]

    def recover(self, epoch):
        """Logs in, and updates, until the next epoch's chain is the dongle's
        only one. Gives the attempts until the first accepted login."""
        first = 0
        for attempt in range(1, 5 * ATTEMPTS_MAX):
            reason, status = self.log_in()
            if reason == "ok" and not first:
                first = attempt
            state = self.dongle.info()["update"]
            if self.epoch() == epoch + 1 and state == d.NONE:
                self.assertLessEqual(first, ATTEMPTS_MAX)
                return first
            if status == 1 and state == d.PREPARED:
                self.send()
            elif state == d.NONE:
                self.prepare()
        raise AssertionError("the update never ends")


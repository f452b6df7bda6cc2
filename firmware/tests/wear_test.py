# SPDX-License-Identifier: Apache-2.0
"""How many passwords before an EEPROM cell has been written 100 000 times:
measured over many blocks of a chain, then multiplied out. Every write counts,
those that only erase or only clear bits as well.
"""

import os
import unittest

import dongle as d
from dongle import Dongle
from eeprom import BLOCK, COUNTER, COUNTER_SIZE, SLOTS

N = 2048
WRITES_MAX = 100_000
PASSWORDS_MIN = 1_000_000
STEP = 31  # skips that leave few logins for each block


class WearCase(unittest.TestCase):
    def setUp(self):
        self.dongle = Dongle()
        self.addCleanup(self.dongle.__exit__, None)

    def wear(self):
        return list(map(int, self.dongle.command("wear").split()))


class WearTest(WearCase):
    def walk(self):
        """Two marks of each block; the wear and the passwords gone by."""
        self.assertEqual(self.dongle.enrol(n=N), d.OK)
        self.dongle.finish_enrolment()
        self.dongle.settle()
        before = self.wear()
        while self.dongle.info()["next"] + STEP <= N:
            self.assertEqual(self.dongle.login()[0], d.OK)
            self.assertEqual(self.dongle.login(skip=STEP - 1)[0], d.OK)
            self.dongle.idle(d.HZ)
        passwords = self.dongle.info()["next"] - 1
        return [now - then for now, then in zip(self.wear(), before)], \
            passwords

    def test_wear__a_million_passwords_and_more(self):
        wear, passwords = self.walk()
        marks = max(wear[COUNTER:COUNTER + 2 * COUNTER_SIZE])
        slots = max(wear[SLOTS:])
        most = max(marks, slots)
        print(f"\n{passwords} passwords: at most {marks} writes to a cell of"
              f" the counter, {slots} to one of a slot, {sum(wear)} in all;"
              f" {WRITES_MAX} * {passwords} / {most} ="
              f" {WRITES_MAX * passwords // most} passwords")
        self.assertEqual(self.dongle.info()["update"], d.PREPARED)
        self.assertEqual(max(wear[:COUNTER]), 1)  # the next chain's record
        self.assertEqual(marks, 2 * passwords // BLOCK // 2)
        self.assertGreater(WRITES_MAX * passwords, PASSWORDS_MIN * most)


class UpdateWearTest(WearCase):
    """As many key updates as a host may ask for: one after 64 passwords."""

    N = 65536 if os.environ.get("WK_WHOLE_CHAINS") == "1" else 2048
    UPDATES = 4

    def log_in(self, server, skip=0, status=1):
        code, x1 = self.dongle.login(skip=skip)
        self.assertEqual(code, d.OK)
        epoch = int.from_bytes(x1[2:6], "big")
        answer = server[epoch].answer(x1, status=status)
        self.assertEqual(self.dongle.ask(d.ANSWER, answer)[0], d.OK)

    def update(self, server):
        """The passwords it took."""
        epoch = self.dongle.info()["epoch"]
        server[epoch + 1] = server[0].of_epoch(epoch + 1)
        before = self.dongle.info()["next"]
        self.log_in(server, skip=62 - before + 1)
        self.dongle.settle()
        self.log_in(server)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.BUSY)
        while self.dongle.info()["update"] != d.PREPARED:
            self.dongle.idle(10 * d.HZ)
        self.log_in(server)
        self.assertEqual(self.dongle.update()[0], d.OK)
        self.log_in(server, status=2)
        spent = self.dongle.info()
        self.assertEqual(spent["epoch"], epoch + 1)
        self.log_in(server, status=3)
        self.dongle.settle()
        return 66 - before + 1

    def test_wear__a_million_passwords_with_updates_between(self):
        self.assertEqual(self.dongle.enrol(n=self.N), d.OK)
        self.dongle.finish_enrolment()
        self.dongle.settle()
        server = {0: d.Server(self.dongle, n=self.N)}
        before, passwords = self.wear(), 0
        for _ in range(self.UPDATES):
            passwords += self.update(server)
        most = max(now - then for now, then in zip(self.wear(), before))
        print(f"\n{self.UPDATES} updates and {passwords} passwords:"
              f" at most {most} writes to a cell;"
              f" {WRITES_MAX} * {passwords} / {most} ="
              f" {WRITES_MAX * passwords // most} passwords")
        self.assertGreater(WRITES_MAX * passwords, PASSWORDS_MIN * most)


if __name__ == "__main__":
    unittest.main(verbosity=2)

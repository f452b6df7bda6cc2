# SPDX-License-Identifier: Apache-2.0
"""How many passwords before an EEPROM cell has been written 100 000 times:
measured over many blocks of a chain, then multiplied out. Every write counts,
those that only erase or only clear bits as well.
"""

import unittest

import dongle as d
from dongle import Dongle
from eeprom import BLOCK, COUNTER, COUNTER_SIZE, SLOTS

N = 2048
WRITES_MAX = 100_000
PASSWORDS_MIN = 1_000_000
STEP = 31  # skips that leave few logins for each block


class WearTest(unittest.TestCase):
    def setUp(self):
        self.dongle = Dongle()
        self.addCleanup(self.dongle.__exit__, None)

    def wear(self):
        return list(map(int, self.dongle.command("wear").split()))

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
        self.assertEqual(max(wear[:COUNTER]), 0)
        self.assertEqual(marks, 2 * passwords // BLOCK // 2)
        self.assertGreater(WRITES_MAX * passwords, PASSWORDS_MIN * most)


if __name__ == "__main__":
    unittest.main(verbosity=2)

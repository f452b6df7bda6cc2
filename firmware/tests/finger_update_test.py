# SPDX-License-Identifier: Apache-2.0
"""Key updates of the dongle that asks for a finger: see update_case.py. Its
vault is closed when the server's answers come."""

import unittest

import dongle as d
from dongle import FingerDongle
from update_case import UpdateCase


class FingerUpdateTest(UpdateCase):
    MAKE = FingerDongle

    def enrol(self, n=256):
        self.dongle.set_up()
        super().enrol(n)
        self.dongle.login(skip=64)  # an update each session is not for all

    def without_finger(self, act, status):
        self.dongle.finger(0)
        self.assertEqual(act()[0], status)
        self.dongle.finger()

    def answered_late(self, x4):
        """The status of an X4 that comes when the vault is closed."""
        self.dongle.settle()
        self.dongle.finger(0)
        status, said = self.dongle.ask(d.ANSWER, x4)
        self.assertEqual(status, d.OK)
        self.dongle.finger()
        return said[0]

    def log_in_late(self):
        reason, x4 = self.registry.login("dongle-1", self.draw())
        self.assertEqual(reason, "ok")
        return self.answered_late(x4)

    def test_update__each_of_its_steps_wants_the_finger(self):
        self.enrol()
        self.without_finger(lambda: self.dongle.update(d.NOW), d.LOCKED)
        self.assertEqual(self.dongle.info()["update"], d.NONE)
        self.prepare(d.NOW)
        self.assertEqual(self.log_in_late(), 1)
        self.without_finger(self.dongle.update, d.LOCKED)
        status, x3 = self.dongle.update()
        self.assertEqual(status, d.OK)
        self.assertEqual(self.answered_late(self.registry.x3(x3)), 2)
        self.assertEqual([self.log_in_late() for _ in range(3)], [2, 3, 1])
        self.assertEqual(self.epoch(), 1)

    def test_preparation__goes_on_with_the_next_touch(self):
        self.enrol()
        self.assertEqual(self.dongle.update(d.NOW)[0], d.BUSY)
        self.dongle.idle(d.HZ // 2)
        self.dongle.power_cycle()
        self.dongle.idle(2 * d.HZ)
        self.assertEqual(self.dongle.info()["update"], d.PREPARING)
        self.assertEqual(self.log_in_late(), 1)
        self.assertEqual(self.dongle.info()["update"], d.PREPARED)


if __name__ == "__main__":
    unittest.main(verbosity=2)

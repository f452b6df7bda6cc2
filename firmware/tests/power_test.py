# SPDX-License-Identifier: Apache-2.0
"""Power fails in a login, an enrolment, a reset: see power_case.py."""

import unittest

import dongle as d
from dongle import Server
from eeprom import Image, chain_of
from power_case import N, PowerCase


class PowerTest(PowerCase):
    def test_login__in_every_write(self):
        self.enrol()
        for given in (0, 7, 63):
            self.go_to(given + 1)
            before, writes = self.record(self.dongle.login)
            self.assertEqual(len(writes), 1)
            self.assertEqual(writes[0][3], 0, "sent before it was durable")
            self.survive(before, writes, given)
            self.boot(before)

    def test_power__fails_in_the_running_chip_too(self):
        """The recorded images are what the simulated failure leaves."""
        self.enrol()
        before = self.image()
        for kind in d.CUTS:
            self.boot(before)
            self.dongle.command("cut", 1, kind, kind)
            with self.assertRaises(d.Cut):
                self.dongle.login()
            changed = [i for i, (a, b) in
                       enumerate(zip(before, self.image())) if a != b]
            self.assertLessEqual(len(changed), 1)
            self.dongle.power_cycle()
            self.check_next(0)

    def test_enrolment__in_any_write(self):
        def enrol():
            self.dongle.enrol(n=N)
            self.dongle.finish_enrolment()
            self.dongle.settle()

        before, writes = self.record(enrol)
        images = list(self.images(before, writes, ways=1))
        for k, image in images[self.random.randrange(5)::5]:
            with self.subTest(write=k, at=writes[k][0]):
                self.boot(image)
                if self.dongle.info()["state"] == d.BLANK:
                    self.assertFalse(Image(image).is_enrolled())
                    continue
                self.dongle.wait_built()
                if self.dongle.info()["state"] == d.KEYLESS:
                    self.dongle.finish_enrolment()
                _, anchor = self.dongle.public()
                self.assertEqual(self.dongle.login()[0], d.OK)
                seed = Image(self.image()).seed()
                salt = Server.salt_of("dongle-1")
                self.assertEqual(anchor, chain_of(seed, salt, N)[0])

    def test_reset__in_every_write(self):
        self.enrol()
        before = Image(self.image())
        secrets = (before.bio_id(), before.seed(), before.key(), d.KS)
        before, writes = self.record(
            lambda: self.dongle.ask(d.RESET, b"ERASE"))
        for k, image in self.images(before, writes, ways=1):
            with self.subTest(write=k, at=writes[k][0]):
                self.boot(image)
                self.dongle.idle(d.HZ)
                if self.dongle.info()["state"] == d.READY:
                    self.check_next(0)
                    continue
                self.assertEqual(self.dongle.info()["state"], d.BLANK)
                left = self.image()
                self.assertFalse(any(secret in left for secret in secrets))


if __name__ == "__main__":
    unittest.main(verbosity=2)

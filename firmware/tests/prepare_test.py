# SPDX-License-Identifier: Apache-2.0
"""The dongle prepares the next chain by itself as soon as an update is due:
what it needs for that, what waits for it, and what its RAM holds meanwhile.
"""

import unittest

import dongle as d
import prompt
from dongle import FingerDongle
from eeprom import BLOCK, EPOCHS, Image, chain_key, chain_of
from update_case import UpdateCase

LONG = 1024  # more than a second of walking
START_UP = 18 * d.HZ  # after it the dongle's own chance is good
MOST = 60
STUCK = 1  # an oscillator that fails its tests: noise.h


class PrepareCase(UpdateCase):
    def before_due(self, n=256):
        """The next login makes it due."""
        self.enrol(n)
        self.go_to_due(short=1)
        self.dongle.idle(START_UP)
        self.assertEqual(self.state(), d.NONE)

    def state(self):
        return self.dongle.info()["update"]

    def wait_prepared(self):
        while self.state() == d.PREPARING:
            self.dongle.idle(d.HZ)
        self.assertEqual(self.state(), d.PREPARED)

    def to_the_next_chain(self):
        """Nothing was asked of it so far but passwords."""
        self.log_in()
        self.assertEqual(self.send(), 2)
        self.assertEqual([self.log_in()[1] for _ in range(2)], [2, 3])
        self.assertEqual(self.epoch(), 1)


class UnattendedTest(PrepareCase):
    def test_preparation__begins_with_the_login_that_makes_it_due(self):
        self.before_due()
        self.log_in()
        self.assertEqual(self.state(), d.PREPARING)
        self.wait_prepared()
        self.to_the_next_chain()

    def test_preparation__not_without_chance_of_its_own(self):
        self.enrol()
        self.go_to_due()
        self.assertEqual(self.dongle.info()["health"][0], d.TESTING)
        self.assertEqual(self.state(), d.NONE)
        self.dongle.command("noise", STUCK, 0)
        self.dongle.idle(START_UP)
        self.assertEqual(self.dongle.info()["health"][0], d.FAILED)
        self.log_in()
        self.assertEqual(self.state(), d.NONE)
        self.prepare()
        self.to_the_next_chain()

    def test_preparation__not_with_a_damaged_seed(self):
        self.before_due()
        image = bytearray(self.image())
        image[EPOCHS + 20] ^= 1
        self.dongle.command("burn", image.hex())
        self.log_in()
        self.dongle.idle(d.HZ)
        self.assertEqual(self.state(), d.NONE)

    def test_password__in_the_middle_is_as_quick(self):
        """The first ones of their blocks, from the login on with which the
        preparation begins."""
        self.before_due(LONG)
        self.log_in()
        for _ in range(6):
            skip = -self.dongle.info()["next"] % BLOCK + 1
            _, cycles = self.dongle.time_login(skip)
            self.assertLess(prompt.milliseconds(cycles), MOST)
            self.assertEqual(self.state(), d.PREPARING)
            self.dongle.idle(d.HZ // 8)


class FingerTest(PrepareCase):
    MAKE = FingerDongle

    def enrol(self, n=256):
        self.dongle.set_up()
        super().enrol(n)

    def test_preparation__needs_the_touch_of_the_login_alone(self):
        self.before_due(LONG)
        self.log_in()
        self.dongle.finger(0)
        self.wait_prepared()
        self.dongle.finger()
        self.to_the_next_chain()

    def test_preparation__where_power_failed_goes_on_with_a_touch(self):
        self.before_due(LONG)
        self.log_in()
        self.dongle.idle(d.HZ // 2)
        self.dongle.power_cycle()
        draft = Image(self.image()).drafts()[1]
        self.dongle.idle(START_UP)
        self.assertEqual(self.state(), d.PREPARING)
        self.log_in()
        self.wait_prepared()
        self.assertEqual(Image(self.image()).drafts()[1], draft)
        self.to_the_next_chain()

    def test_narrowed__is_no_consent_and_opens_nothing_else(self):
        self.before_due(LONG)
        self.log_in()
        self.dongle.idle(d.HZ // 2)
        self.dongle.finger(8)
        for op, payload in ((d.LOGIN, bytes(13)), (d.SITE, b"\4home"),
                            (d.RESET, b"ERASE")):
            self.assertEqual(self.dongle.ask(op, payload), (d.STRANGER, b""))
        self.dongle.finger()
        self.log_in()
        self.wait_prepared()
        self.to_the_next_chain()


class RamTest(unittest.TestCase):
    """What opens more than the next chain is not in RAM while that is made."""

    def setUp(self):
        self.dongle = FingerDongle()
        self.addCleanup(self.dongle.__exit__, None)
        self.dongle.set_up()
        self.assertEqual(self.dongle.enrol(n=LONG), d.OK)
        self.dongle.finish_enrolment()
        self.server = d.Server(self.dongle, n=LONG)
        self.key = self.dongle.key()

    def image(self):
        image = Image(bytes.fromhex(self.dongle.command("eeprom")))
        image.key = lambda: self.key
        return image

    def go_to_due(self):
        while (left := LONG * 3 // 4 + 1 - self.dongle.info()["next"]) > 0:
            self.dongle.login(skip=min(left - 1, 64))
            self.dongle.settle()

    def log_in(self):
        status, x1 = self.dongle.login()
        self.assertEqual(status, d.OK)
        return self.server.answer(x1)

    def in_ram(self, secrets):
        """The names of those that are."""
        ram = self.dongle.peek(0, 0x900)
        return {name for name, secret in secrets.items() if secret in ram}

    def secrets(self):
        """Of everything but the next chain."""
        image, next_index = self.image(), self.dongle.info()["next"]
        seed, draft = image.seeds()[0], image.drafts()[0]
        chain = chain_of(seed, self.server.salt, LONG)
        return {"vault": self.key, "seed": seed, "kx": self.server.kx,
                "chain's key": chain_key(self.key, 0, draft),
                **{i: chain[i] for i in range(next_index, LONG + 1)}}

    def next_key(self):
        draft = self.image().drafts()[1]
        return {"next": chain_key(self.key, 1, draft)}

    def test_ram__while_the_next_chain_is_made(self):
        self.go_to_due()
        self.dongle.idle(START_UP)
        answer = self.log_in()
        secrets = self.secrets()
        self.assertLessEqual({"vault", "kx"}, self.in_ram(secrets))
        self.assertEqual(self.dongle.ask(d.ANSWER, answer)[0], d.OK)
        self.dongle.idle(d.HZ // 2)
        self.assertEqual(self.dongle.info()["update"], d.PREPARING)
        self.assertEqual(self.in_ram(self.next_key()), {"next"})
        self.assertEqual(self.in_ram(secrets), set())
        self.dongle.idle(3 * d.HZ)
        self.assertEqual(self.dongle.info()["update"], d.PREPARED)
        self.assertEqual(self.in_ram({**secrets, **self.next_key()}), set())


if __name__ == "__main__":
    unittest.main(verbosity=2)

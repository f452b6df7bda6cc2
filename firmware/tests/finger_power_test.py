# SPDX-License-Identifier: Apache-2.0
"""Power fails while a finger is set up, enrolled with, replaced or erased:
afterwards the old state holds or the new one. See power_case.py."""

import unittest

import dongle as d
from dongle import FingerDongle, Server
from eeprom import Image, chain_of
from power_case import N, PowerCase

OLD, NEW = 7, 9
LAST = 3  # writes in which a record becomes valid or invalid: every way


class FingerPowerTest(PowerCase):
    MAKE = FingerDongle

    def memory(self, *now):
        return self.dongle.command("memory", *now)

    def look(self, finger, *steps):
        self.dongle.finger(finger)
        for step in steps:
            self.assertEqual(self.dongle.teach(step), d.OK)

    def enrol(self):
        self.look(OLD, 1, 2)
        self.assertEqual(self.dongle.enrol(n=N), d.OK)
        self.dongle.finish_enrolment()
        self.dongle.settle()
        self.server = Server(self.dongle, n=N)
        self.learn_chain()
        self.dongle.settle()

    def learn_chain(self):
        image = Image(self.image())
        image.key = lambda: self.dongle.key(0)
        self.chain = chain_of(image.seed(), self.server.salt, N)
        self.assertEqual(self.chain[0], self.server.anchor)

    def few(self, before, writes):
        """Every way in the last writes, one in the others."""
        for k, image in self.images(before, writes[:-LAST], ways=1):
            yield k, image
        data = bytearray(before)
        for at, _, new, _ in writes[:-LAST]:
            data[at] = new
        for k, image in self.images(bytes(data), writes[-LAST:]):
            yield len(writes) - LAST + k, image

    def boot_with(self, image, memory):
        """The sensor is as it was then, too."""
        self.memory(memory)
        self.boot(image)

    def opens(self, finger):
        self.dongle.finger(finger)
        status, x1 = self.dongle.login()
        if status != d.OK:
            self.assertEqual(status, d.STRANGER)
            return False
        index, _, value = self.server.open(x1)
        self.assertEqual(value, self.chain[index])
        return True

    def test_first_look__in_every_write(self):
        """The EEPROM has the sensor's password first: the chip is cut off in
        its writes, and the sensor with it."""
        self.dongle.settle()
        blank, factory = self.image(), self.memory()
        for k in range(1, 5):
            for kind in d.CUTS:
                with self.subTest(write=k, kind=kind):
                    self.boot_with(blank, factory)
                    self.dongle.finger(OLD)
                    self.dongle.command("cut", k, kind, k)
                    with self.assertRaises(d.Cut):
                        self.dongle.teach(1)
                    self.dongle.power_cycle()
                    self.assertEqual(self.dongle.set_up(), [d.OK, d.OK])

    def test_enrolment__in_any_write(self):
        self.look(OLD, 1, 2)
        taught = self.memory()
        before, writes = self.record(lambda: self.dongle.enrol(n=N))
        images = list(self.images(before, writes, ways=1))
        for k, image in images[self.random.randrange(12)::12]:
            with self.subTest(write=k, at=writes[k][0]):
                self.boot_with(image, taught)
                if self.dongle.info()["state"] == d.BLANK:
                    self.assertEqual(self.dongle.enrol(n=N), d.OK)
                while self.dongle.ask(d.PUBLIC)[0] == d.BUSY:
                    self.dongle.idle(d.HZ)
                self.dongle.finish_enrolment()
                server = Server(self.dongle, n=N)
                server.take(self.dongle.login()[1])

    def test_replace__in_every_write(self):
        self.enrol()
        self.look(NEW, 1, 2)
        self.dongle.finger(OLD)
        both = self.memory()
        before, writes = self.record(lambda: self.look(OLD, 3))
        seen = set()
        for k, image in self.few(before, writes):
            with self.subTest(write=k, at=writes[k][0]):
                self.server.seen.clear()
                order = self.random.sample((OLD, NEW), 2)
                self.boot_with(image, both)
                who = [finger for finger in order if self.opens(finger)]
                self.assertEqual(len(who), 1)
                self.boot_with(self.image(), both)
                self.assertEqual([f for f in order if self.opens(f)], who)
                seen.update(who)
        self.assertEqual(seen, {OLD, NEW})

    def test_replace__works_again_where_power_failed(self):
        """Both records valid: it is the finger that opens first."""
        self.enrol()
        self.look(NEW, 1, 2)
        both = self.memory()
        before, writes = self.record(lambda: self.look(OLD, 3))
        images = dict(self.images(before, writes, ways=1))
        at = max(k for k, (where, *_) in enumerate(writes) if where == 2)
        self.boot_with(images[at - 1], both)
        if len(Image(self.image()).locks()) == 2:
            self.assertEqual(self.dongle.teach(1), d.WRONG_TIME)
        self.assertTrue(self.opens(OLD))
        self.look(NEW, 1, 2)
        self.look(OLD, 3)
        self.assertTrue(self.opens(NEW))

    def test_reset__in_every_write(self):
        self.enrol()
        secret = self.dongle.key(0)
        kept = self.memory()
        before, writes = self.record(
            lambda: self.dongle.ask(d.RESET, b"ERASE"))
        for k, image in self.images(before, writes, ways=1):
            if k % 8 and k < len(writes) - 20:
                continue
            with self.subTest(write=k, at=writes[k][0]):
                self.server.seen.clear()
                self.boot_with(image, kept)
                self.dongle.idle(d.HZ)
                if self.dongle.info()["state"] == d.READY:
                    self.assertTrue(self.opens(OLD))
                    continue
                self.assertEqual(self.dongle.info()["state"], d.BLANK)
                self.assertEqual(Image(self.image()).locks(), [])
                self.assertEqual(self.image()[16:32], bytes(16))
                self.assertNotIn(secret, self.dongle.peek(0, 0x900))


if __name__ == "__main__":
    unittest.main(verbosity=2)

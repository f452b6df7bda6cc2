# SPDX-License-Identifier: Apache-2.0
"""Power fails in any write to the EEPROM: afterwards the dongle gives the
next password or a later one, a right one, and never one it gave before.

A run is recorded write by write. What the EEPROM holds when power fails in
write k follows: all writes before it, and in its byte the old value, the new
one, 0xff or a mixture. A dongle is switched on with each such image.
"""

import random
import unittest

import dongle as d
from dongle import Dongle, Server
from eeprom import BLOCK, Image, chain_of

N = 256


class PowerCase(unittest.TestCase):
    MAKE = Dongle

    def setUp(self):
        self.random = random.Random(5)
        self.dongle = self.MAKE()
        self.addCleanup(self.dongle.__exit__, None)

    def enrol(self):
        self.assertEqual(self.dongle.enrol(n=N), d.OK)
        self.dongle.finish_enrolment()
        self.dongle.settle()
        self.server = Server(self.dongle, n=N)
        self.chain = chain_of(Image(self.image()).seed(), self.server.salt, N)
        self.assertEqual(self.chain[0], self.server.anchor)

    def image(self):
        return bytes.fromhex(self.dongle.command("eeprom"))

    def history(self):
        """(address, old, new, bytes sent before) of each write."""
        numbers = list(map(int, self.dongle.command("history").split()))
        return [tuple(numbers[i:i + 4]) for i in range(0, len(numbers), 4)]

    def record(self, act):
        """The image before act() and the writes of it."""
        self.history()
        before = self.image()
        sent = self.sent()
        act()
        return before, [(at, old, new, count - sent)
                        for at, old, new, count in self.history()]

    def sent(self):
        return int(self.dongle.command("sent"))

    def torn(self, old, new):
        """The byte that power failed in, each way it may be left."""
        mixed = 0
        for bit in range(8):
            mixed |= self.random.choice((old, 0xff, new)) & 1 << bit
        return {old, new, 0xff, mixed}

    def images(self, before, writes, ways=None):
        """(k, image) for each write k and each way it may be left."""
        data = bytearray(before)
        for k, (at, old, new, _) in enumerate(writes):
            self.assertEqual(data[at], old)
            bytes_left = sorted(self.torn(old, new))
            if ways:
                bytes_left = self.random.sample(bytes_left,
                                                min(ways, len(bytes_left)))
            for value in bytes_left:
                data[at] = value
                yield k, bytes(data)
            data[at] = new

    def boot(self, image):
        self.dongle.command("burn", image.hex())
        self.dongle.power_cycle()

    def check_values(self, image):
        """No valid slot holds a wrong value."""
        for block, value in Image(image).slots().items():
            self.assertEqual(value, self.chain[(block + 1) * BLOCK], block)

    def check_next(self, given):
        """The dongle, switched on again, gives a password after `given`."""
        status, x1 = self.dongle.login()
        self.assertEqual(status, d.OK)
        index, _, value = self.server.open(x1)
        self.server.seen.clear()
        self.assertTrue(given < index <= given + 2, (given, index))
        self.assertEqual(value, self.chain[index])
        return index

    def survive(self, before, writes, given, ways=None):
        """Each image of a recorded login, of index given + 1."""
        trials = 0
        for k, image in self.images(before, writes, ways):
            with self.subTest(write=k, at=writes[k][0]):
                self.check_values(image)
                self.boot(image)
                sent = writes[k][3] > 0
                self.check_next(given + 1 if sent else given)
                trials += 1
        print(f"\n{len(writes)} writes, {trials} images", end=" ")

    def go_to(self, index):
        while self.dongle.info()["next"] < index:
            left = index - self.dongle.info()["next"] - 1
            self.assertEqual(self.dongle.login(skip=min(left, 64))[0], d.OK)
        self.dongle.settle()

# SPDX-License-Identifier: Apache-2.0
"""Power fails where a block of 32 passwords ends: see power_case.py."""

import unittest

import dongle as d
from eeprom import BLOCK
from power_case import N, PowerCase


class PowerTest(PowerCase):
    def record_edge(self):
        """The last login of a block, and what comes after it."""
        def edge():
            self.dongle.login()
            self.dongle.settle()

        self.enrol()
        self.go_to(2 * BLOCK)
        return self.record(edge)

    def test_block_edge__in_every_write(self):
        before, writes = self.record_edge()
        self.assertGreater(len(writes), 40)
        self.survive(before, writes, 2 * BLOCK - 1)

    def test_hurried_block_edge__in_every_write(self):
        """The login itself turns two blocks over, before it is prepared."""
        self.enrol()
        self.go_to(31)
        self.dongle.login(skip=1)
        before, writes = self.record(lambda: self.dongle.login(skip=64))
        self.assertGreater(len(writes), 4)
        for k, image in self.images(before, writes, ways=1):
            with self.subTest(write=k, at=writes[k][0]):
                self.check_values(image)
                self.assertEqual(writes[k][3], 0)
                self.boot(image)
                status, x1 = self.dongle.login()
                self.assertEqual(status, d.OK)
                index, _, value = self.server.open(x1)
                self.server.seen.clear()
                self.assertTrue(32 < index <= 98, index)
                self.assertEqual(value, self.chain[index])

    def test_block_edge__values_for_all_that_follows(self):
        """After a failure at some write, the rest of the chain."""
        before, writes = self.record_edge()
        images = list(self.images(before, writes, ways=1))
        for k, image in images[::len(images) // 6]:
            with self.subTest(write=k):
                self.boot(image)
                given = 2 * BLOCK - 1
                while given < N:
                    skip = min(13, N - given - 1)
                    status, x1 = self.dongle.login(skip=skip)
                    self.assertEqual(status, d.OK)
                    given, _, value = self.server.open(x1)
                    self.assertEqual(value, self.chain[given])
                    if given % 3 == 0:
                        self.dongle.power_cycle()
                self.server.seen.clear()


if __name__ == "__main__":
    unittest.main(verbosity=2)

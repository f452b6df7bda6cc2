# SPDX-License-Identifier: Apache-2.0
"""How long a password takes where one follows the other without a pause."""

import unittest

import dongle as d
import prompt
from dongle import Dongle, FingerDongle
from eeprom import BLOCK

MOST = 60
REFUSALS = [2**i - 1 for i in range(7)]  # protocol section 2


class PromptCase(unittest.TestCase):
    MAKE = Dongle
    N = 2048

    def setUp(self):
        self.dongle = self.MAKE()
        self.addCleanup(self.dongle.__exit__, None)
        if self.MAKE is FingerDongle:
            self.dongle.set_up()
        self.assertEqual(self.dongle.enrol(n=self.N), d.OK)
        self.dongle.finish_enrolment()
        self.server = d.Server(self.dongle, n=self.N)
        self.dongle.settle()

    def go_to(self, place):
        """To a place of a block, with nothing left to do."""
        there = (self.dongle.info()["next"] - 1) % BLOCK
        if there != place:
            self.dongle.login(skip=(place - there - 1) % BLOCK)
        self.dongle.settle()

    def slowest(self, skips):
        """Milliseconds, of logins that follow each other."""
        return max(prompt.milliseconds(self.dongle.time_login(skip)[1])
                   for skip in skips)

    def quick(self, skips):
        self.assertLess(self.slowest(skips), MOST)

    def open_update(self):
        """Both chains are in use, and nobody answers."""
        for _ in range(3):
            self.dongle.login(skip=64)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.BUSY)
        while self.dongle.info()["update"] != d.PREPARED:
            self.dongle.idle(d.HZ)
        answer = self.server.answer(self.dongle.login()[1])
        self.assertEqual(self.dongle.ask(d.ANSWER, answer)[0], d.OK)
        self.assertEqual(self.dongle.update()[0], d.OK)


class EachPlace:
    """What both images keep; a mixin, so that no program runs it alone."""

    def test_password__again_and_again_without_a_pause(self):
        self.go_to(BLOCK // 2)
        self.quick([0] * BLOCK)

    def test_password__that_skips_what_refusals_ask_for(self):
        for place in (0, 18, 30):
            self.go_to(place)
            self.quick([0] + REFUSALS)

    def test_password__that_skips_64_twice(self):
        for place in (0, 31):
            self.go_to(place)
            self.quick([64, 64])

    def test_password__of_two_chains_in_turn(self):
        self.open_update()
        self.dongle.settle()
        self.quick([skip for skip in REFUSALS for _ in range(2)])

# SPDX-License-Identifier: Apache-2.0
"""The chip's own noise and the health tests it has to pass. simavr has none of
its own: the harness gives it, or takes it away."""

import unittest

import dongle as d
from dongle import Dongle

FREE, STUCK, BIASED = range(3)
TICK = d.HZ * 16384 // 1000000
START = 1050 * TICK  # a few more samples than the start-up test takes
NO_RANDOM = bytes(32)


class ChanceTest(unittest.TestCase):
    def setUp(self):
        self.dongle = Dongle()
        self.addCleanup(self.dongle.__exit__, None)

    def noise(self, oscillator, pin_stuck):
        """From power-on."""
        self.dongle.command("noise", oscillator, pin_stuck)
        self.dongle.power_cycle()

    def health(self):
        return self.dongle.info()["health"]

    def test_noise__is_good_after_the_start_up_test(self):
        self.assertEqual(self.health(), (d.TESTING, d.TESTING))
        self.assertEqual(self.dongle.enrol(random=NO_RANDOM), d.BUSY)
        self.dongle.idle(1000 * TICK)
        self.assertEqual(self.health(), (d.TESTING, d.TESTING))
        self.dongle.idle(START - 1000 * TICK)
        self.assertEqual(self.health(), (d.GOOD, d.GOOD))
        self.assertEqual(self.dongle.enrol(random=NO_RANDOM), d.OK)

    def test_oscillator__that_is_stuck_fails_and_enrols_with_random_only(self):
        self.noise(STUCK, 0)
        self.dongle.idle(60 * TICK)
        self.assertEqual(self.health(), (d.FAILED, d.TESTING))
        self.assertEqual(self.dongle.enrol(random=NO_RANDOM), d.WRONG_TIME)
        self.dongle.idle(START)
        self.assertEqual(self.health(), (d.FAILED, d.GOOD))
        self.assertEqual(self.dongle.enrol(random=NO_RANDOM), d.WRONG_TIME)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)
        self.assertEqual(self.dongle.enrol(), d.OK)

    def test_oscillator__that_prefers_a_value_fails_in_two_windows(self):
        self.noise(BIASED, 0)
        self.dongle.idle(60 * TICK)
        self.assertEqual(self.health(), (d.TESTING, d.TESTING))
        self.dongle.idle(START)
        self.assertEqual(self.health(), (d.FAILED, d.GOOD))

    def test_pin__that_is_stuck_is_told_and_nothing_is_built_on_it(self):
        self.noise(FREE, 1)
        self.dongle.idle(START)
        self.assertEqual(self.health(), (d.GOOD, d.FAILED))
        self.assertEqual(self.dongle.enrol(random=NO_RANDOM), d.OK)

    def test_oscillator__that_gets_stuck_later_stays_failed(self):
        self.dongle.idle(START)
        self.assertEqual(self.health(), (d.GOOD, d.GOOD))
        self.dongle.command("noise", STUCK, 0)
        self.dongle.idle(60 * TICK)
        self.assertEqual(self.health(), (d.FAILED, d.GOOD))
        self.dongle.command("noise", FREE, 0)
        self.dongle.idle(60 * TICK)
        self.assertEqual(self.health(), (d.FAILED, d.GOOD))
        self.dongle.power_cycle()
        self.assertEqual(self.health(), (d.TESTING, d.TESTING))

    def test_noise__reaches_what_is_drawn(self):
        """Two dongles that differ in nothing else make different chains."""
        anchors = set()
        for drift in (FREE, STUCK):
            self.noise(drift, 1)
            self.dongle.idle(10 * TICK)
            self.assertEqual(self.dongle.enrol(), d.OK)
            self.dongle.wait_built()
            anchors.add(self.dongle.public()[1])
            self.assertEqual(self.dongle.ask(d.RESET, b"ERASE")[0], d.OK)
        self.assertEqual(len(anchors), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)

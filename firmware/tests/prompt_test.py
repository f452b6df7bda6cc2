# SPDX-License-Identifier: Apache-2.0
"""60 ms for a password of the unattended image, also where one follows the
other without a pause; of the first after power-on, at any place of a block,
firmware_budget_test tells. The image with a sensor: prompt_finger_test.py.
"""

import unittest

import dongle as d
from eeprom import BLOCK
from prompt_case import EachPlace, PromptCase


class UnattendedTest(EachPlace, PromptCase):
    pass


class SwitchTest(PromptCase):
    N = 8192  # its plan takes a while

    def test_password__again_and_again_after_a_switch(self):
        """The new chain's plan is being walked to, for a long time."""
        self.open_update()
        server = self.server.of_epoch(1)
        for status in (2, 3):
            x1 = self.dongle.login()[1]
            answer = (self.server, server)[x1[5]].answer(x1, status=status)
            self.assertEqual(self.dongle.ask(d.ANSWER, answer)[0], d.OK)
        self.assertEqual(self.dongle.info()["epoch"], 1)
        self.quick([0] * 6 * BLOCK)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""60 ms from the last byte of a template on: see prompt_test.py."""

import unittest

from dongle import FingerDongle
from prompt_case import EachPlace, PromptCase


class FingerTest(EachPlace, PromptCase):
    MAKE = FingerDongle

    def test_password__that_skips_64_however_often(self):
        """What that needs is done before the sensor is asked."""
        self.quick([64] * 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)

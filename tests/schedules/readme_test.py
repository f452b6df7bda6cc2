# SPDX-License-Identifier: Apache-2.0
"""README.md's table lists the sentences that are taken out, and no others."""
import os
import re
import unittest

from mutants import row
from sentences import MUTANTS

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")


class ReadmeTest(unittest.TestCase):
    def test_table__has_every_mutant_as_it_is(self):
        with open(README, encoding="utf-8") as file:
            lines = file.read().splitlines()
        found = [re.sub(r"[^|]*\|$", "", line)
                 for line in lines if re.search(r"\| `\w+` \| I\d \|", line)]
        self.assertCountEqual(found, [row(name, mutant)
                                      for name, mutant in MUTANTS.items()])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The firmware keeps the budgets of firmware/budgets.json."""

import unittest

import measure


class BudgetTest(unittest.TestCase):
    def test_budgets__are_kept(self):
        figures, limits = measure.measure(), measure.budgets()
        print("\n" + "\n".join(measure.table(figures, limits)))
        self.assertEqual(measure.exceeded(figures, limits), [])

    def test_budgets__one_too_many_is_told(self):
        self.assertEqual(
            measure.exceeded({"a": {"cycles": 8, "stack": 5}},
                             {"a": {"cycles": 7, "stack": 5}}),
            ["a: 8 cycles, at most 7"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

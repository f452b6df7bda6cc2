# SPDX-License-Identifier: Apache-2.0
"""What the tests of attacks share."""

import json
import os

import wk


def readme_rows():
    """(attack, what the attacker has, verdict, word) of the README."""
    with open(os.path.join(wk.SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read().split("| attack |")[1].split("\n\n")[0]
    return [tuple(cell.strip().strip("`") for cell in line.split("|")[1:5])
            for line in text.splitlines()[2:]]


class Case(wk.TestCase):
    def report(self, name):
        with open(self.folder.path(name), encoding="utf-8") as file:
            report = json.load(file)
        self.assertFits("attack-report", report)
        return {row["attack"]: row for row in report["attacks"]}

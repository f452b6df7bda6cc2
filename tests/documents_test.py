# SPDX-License-Identifier: Apache-2.0
"""What the documents point at is there."""

import glob
import os
import re
import unittest

import wk

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
             *glob.glob("docs/**/*.md", root_dir=wk.SOURCE, recursive=True)]


def read(name):
    with open(os.path.join(wk.SOURCE, name), encoding="utf-8") as file:
        return file.read()


class DocumentsTest(unittest.TestCase):
    def test_links__lead_somewhere(self):
        for name in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)",
                                     read(name)):
                path = os.path.join(wk.SOURCE, os.path.dirname(name), target)
                with self.subTest(document=name, link=target):
                    self.assertTrue(os.path.exists(path))

    def test_folders__named_in_the_layout_exist(self):
        layout = read("README.md").split("## What is where")[1]
        folders = re.findall(r"`([a-z-]+/)`", layout)
        self.assertGreater(len(folders), 8)
        for folder in folders:
            with self.subTest(folder=folder):
                self.assertTrue(
                    os.path.isdir(os.path.join(wk.SOURCE, folder)))

    def test_proofs__are_tests(self):
        listed = wk.run("ctest", "--test-dir", wk.BUILD, "-N", check=0).stdout
        names = re.findall(r"`(\w+_(?:test|builds))`", read("README.md"))
        self.assertGreater(len(names), 8)
        for name in names:
            with self.subTest(test=name):
                self.assertRegex(listed, rf": {name}\n")

    def test_decisions__have_a_number_each_and_are_listed(self):
        index = read("docs/adr/README.md")
        paths = sorted(glob.glob("docs/adr/0*.md", root_dir=wk.SOURCE))
        self.assertGreater(len(paths), 8)
        for number, path in enumerate(paths, 1):
            title = read(path).splitlines()[0].removeprefix("# ")
            name = os.path.basename(path)
            with self.subTest(decision=name):
                self.assertTrue(name.startswith(f"{number:04}-"))
                self.assertTrue(title.startswith(f"{number}. "), title)
                self.assertIn(f"- [{title}]({name})", index)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""A seeded leak, overflow or undefined operation turns the suite red.

seeded/ holds one test per fault, made with the same CMake function as every
unit test; Criterion alone would let the leak pass with exit status 0. The
same faults in a program and in a broker's plugin fail a black-box test.
"""
import os
import subprocess
import types
import unittest
import unittest.mock

import wk

SEEDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeded")
REPORTS = {
    "leak": "ERROR: LeakSanitizer",
    "overflow": "ERROR: AddressSanitizer: heap-buffer-overflow",
    "undefined": "runtime error: signed integer overflow",
}


def run(*argv):
    return subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


class SanitizersBiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = wk.Folder()
        cls.addClassCleanup(cls.folder.remove)
        for step in (
            ("cmake", "-G", "Ninja", "-S", SEEDED, "-B", cls.folder.root,
             "-DCMAKE_BUILD_TYPE=Debug", "-DWHITEKEY_SANITIZE=address"),
            ("cmake", "--build", cls.folder.root),
        ):
            done = run(*step)
            if done.returncode != 0:
                raise AssertionError(done.stdout)

    def ctest(self, fault):
        return run("ctest", "--test-dir", self.folder.root,
                   "--output-on-failure", "-R", f"^seeded_{fault}$")

    def test_unit_test__without_fault_passes(self):
        done = self.ctest("none")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("100% tests passed, 0 tests failed out of 1",
                      done.stdout)

    def test_unit_test__with_fault_fails(self):
        for fault, report in REPORTS.items():
            with self.subTest(fault):
                done = self.ctest(fault)
                self.assertNotEqual(done.returncode, 0, done.stdout)
                self.assertIn(report, done.stdout)
                self.assertIn("0% tests passed, 1 tests failed out of 1",
                              done.stdout)

    def test_program__without_fault_passes(self):
        wk.run(self.folder.path("seeded_program"), check=0)

    def test_program__with_fault_fails(self):
        for fault, report in REPORTS.items():
            with self.subTest(fault):
                with self.assertRaisesRegex(AssertionError, report):
                    wk.run(self.folder.path("seeded_program"), fault)

    def broker(self, fault):
        """A started broker with the faulty plugin in place of ours."""
        options = {"registry": None, "master_key_file": None, "acl": None,
                   "fault": fault}
        nothing = types.SimpleNamespace(path=None, master=None)
        broker = wk.Broker(self.folder, nothing, options)
        with unittest.mock.patch.object(
                wk, "PLUGIN", self.folder.path("seeded_plugin.so")):
            return broker.start()

    def test_plugin__without_fault_passes(self):
        self.assertEqual(self.broker("none").stop(), 0)

    def test_plugin__with_fault_fails(self):
        for fault, report in REPORTS.items():
            with self.subTest(fault):
                with self.assertRaisesRegex(AssertionError, report):
                    self.broker(fault).stop()


if __name__ == "__main__":
    wk.main()

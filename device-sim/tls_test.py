# SPDX-License-Identifier: Apache-2.0
"""A fleet by TLS: whom it trusts, whom it does not, and that nothing else
changes."""

import unittest

import wk
from sim_case import SimCase

# mbedTLS 2.28, and 3.6 where TLS 1.3 says less.
UNTRUSTED = "TLS: .*(not correctly signed|verification failed)"


class TlsTest(SimCase):
    def setUp(self):
        super().setUp()
        self.cert, key = self.certificate("broker", "DNS:localhost")
        self.server = self.broker(
            self.store, config=f"certfile {self.cert}\nkeyfile {key}")

    def check_fleet(self, *args):
        summary = self.summary(self.server, "-n", 5, "-c", 8, "--rate",
                               "unlimited", "--cafile", self.cert, *args)
        self.assertEqual((summary["acked"], summary["disconnects"]), (40, 0))
        self.assertEqual(summary["verified"], summary["connects"])
        return summary

    def test_fleet__both_versions(self):
        for protocol in ("5", "3.1.1"):
            summary = self.check_fleet("--protocol", protocol)
            self.assertEqual(summary["connects"], 5)

    def test_habits__are_the_same(self):
        summary = self.check_fleet("--churn", 50, "--sleep", 0.01, "--awake",
                                   4, "--delay", 20, "--update", "session")
        self.assertGreater(summary["left"], 0)
        self.assertEqual(summary["slept"], 5)
        summary = self.summary(self.server, "-n", 5, "-c", 1, "--loss", 10,
                               "--timeout", 0.5, "--cafile", self.cert)
        self.assertGreater(summary["cut"], 0)
        self.assertEqual(summary["acked"], 5)

    def refused(self, words, *args):
        done = self.sim(self.server, "-n", 3, "-c", 1, *args, check=1)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, words)
        self.assertNotIn("login", {e["event"] for e in self.store.audit()})

    def test_authority__another_one_is_not_trusted(self):
        other, _ = self.certificate("other", "DNS:localhost")
        self.refused(f"localhost port {self.server.port}: {UNTRUSTED}",
                     "--cafile", other)
        self.refused(UNTRUSTED, "--tls-use-os-certs")

    def test_name__another_one_is_not_trusted(self):
        self.refused("TLS: .*(does not match|verification failed)",
                     "--cafile", self.cert, "--host", "127.0.0.1")

    def test_plain_broker__is_no_tls_broker(self):
        plain = self.broker()
        done = wk.run("whitekey-sim", "-p", plain.port, "-n", 1, "-c", 1,
                      "--cafile", self.cert, env=self.store.env, check=1)
        self.assertRegex(done.stderr, f"localhost port {plain.port}: TLS: ")

    def test_authority__missing_or_no_certificate(self):
        path = self.folder.write("junk.pem", "junk")
        self.refused(path, "--cafile", path)
        self.refused("none.pem", "--cafile", self.folder.path("none.pem"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

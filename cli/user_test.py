# SPDX-License-Identifier: Apache-2.0
"""A device and its user with a credential each: neither logs in alone."""

import os
import re

import cli_case
import wk


class UserTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.phone = self.folder.path("phone.credential")
        self.gate = self.reg.enrol("gate", "--user-out", self.phone)

    def joined(self, *args):
        return self.reg.otp(self.gate, "--user-credential", self.phone, *args)

    def next_of(self, path, chain):
        return wk.Credential("gate", path).load()["chains"][chain]["next"]

    def test_enrol__each_file_holds_one_chain(self):
        dongle = self.gate.load()
        phone = wk.Credential("gate", self.phone).load()
        for credential, chain in ((dongle, "C"), (phone, "D")):
            cli_case.schema("credential").validate(credential)
            self.assertEqual(list(credential["chains"]), [chain])
        self.assertEqual(dongle["ks"], phone["ks"])
        self.assertEqual(cli_case.mode(self.phone), 0o600)

    def test_enrol__neither_file_is_overwritten(self):
        out = self.folder.path("new")
        for file, user_file in ((out, self.phone), (self.gate.path, out)):
            self.fails("enrol", "other", "--out", file, "--user-out",
                       user_file, env=self.reg.env, says="stands there")
            self.assertFalse(os.path.exists(out))
        self.fails("enrol", "other", "--out", out, "--user-out", out,
                   env=self.reg.env, says="one file", code=2)
        self.assertNotIn("other", self.reg.cli("list").stdout)

    def test_otp__both_files_make_a_password(self):
        self.assertRegex(self.joined(),
                         r"^[A-Za-z0-9_-]{94}\.[A-Za-z0-9_-]{115}$")
        self.assertEqual(self.next_of(self.gate.path, "C"), 2)
        self.assertEqual(self.next_of(self.phone, "D"), 2)

    def test_otp__files_that_do_not_belong_together(self):
        other = self.reg.enrol("other")
        self.fails("otp", "-c", other.path, "-u", self.phone,
                   says="not of device gate")
        self.assertEqual(self.next_of(self.phone, "D"), 1)
        self.fails("otp", "-c", self.phone,
                   says=re.escape(self.phone) + ": holds no device chain")
        self.fails("otp", "-c", self.gate.path, "-u", self.gate.path,
                   says="holds no user's chain")
        both = self.reg.enrol("both", "--user")
        self.fails("otp", "-c", both.path, "-u", both.path,
                   says="has a user's message already")

    def test_login__needs_both(self):
        server = self.broker(self.reg)

        def publish(password):
            return wk.run(
                "mosquitto_pub", "-h", wk.HOST, "-p", server.port, "-u",
                "gate", "-P", password, "-t", "a", "-m", "b", "-q", "1",
            ).returncode

        self.assertEqual(publish(self.joined()), 0, server.log())
        self.assertNotEqual(publish(self.reg.otp(self.gate)), 0)
        mixed = self.joined().split(".")[0], self.joined().split(".")[1]
        self.assertNotEqual(publish(".".join(mixed)), 0)
        self.assertEqual(publish(self.joined()), 0, server.log())
        self.assertSoon(
            ["ok", "user-required", "user-forged", "ok"],
            lambda: [e["reason"] for e in self.reg.audit()
                     if e["event"] == "login"],
        )


if __name__ == "__main__":
    wk.main()

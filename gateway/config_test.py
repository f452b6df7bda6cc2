# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a set-up is said in one line, before anything starts."""

import json
import os
import unittest

import gateway_fixture as fixture
import wk

BROKER = f"mqtt://{wk.HOST}:1"


class ConfigTest(fixture.GatewayCase):
    def check(self, path=None, check=0):
        path = path or self.folder.path("gateway.conf")
        return wk.run("whitekey-gateway", "-c", path, "--test-config",
                      check=check)

    def refused(self, *words):
        """The one line of complaint holds the words."""
        done = self.check(check=1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_config__good_one_is_ok_and_changes_nothing(self):
        self.configure(broker=BROKER)
        before = sorted(os.listdir(self.folder.root))
        self.assertEqual(self.check().stdout, "ok\n")
        self.assertEqual(sorted(os.listdir(self.folder.root)), before)
        self.assertEqual(self.credential.load()["chains"]["C"]["next"], 1)

    def test_config__examples_are_good(self):
        examples = os.path.join(wk.SOURCE, "gateway", "examples")
        self.configure(broker=BROKER,
                       policy=os.path.join(examples, "policy.yaml"))
        self.check()
        with open(os.path.join(examples, "gateway.conf"),
                  encoding="utf-8") as file:
            text = file.read()
        etc, var = "/etc/whitekey-gateway/", "/var/lib/whitekey-gateway/"
        for path, own in ((var + "gateway.json", self.credential.path),
                          (etc + "owner.jwk", self.key),
                          (etc + "policy.yaml", self.policy),
                          (var + "gateway.db", self.folder.path("store"))):
            self.assertIn(f" {path}\n", text)
            text = text.replace(path, own)
        self.folder.write("gateway.conf", text)
        self.check()

    def test_config__unknown_key_is_named_with_the_nearest(self):
        self.configure("subscrib sensors/#", broker=BROKER)
        self.refused("gateway.conf:6: unknown key \"subscrib\"",
                     "\"subscribe\"")

    def test_config__missing_files_are_named(self):
        for key in ("policy", "key", "credential"):
            with self.subTest(key=key):
                self.configure(broker=BROKER,
                               **{key: self.folder.path("nowhere")})
                self.refused("nowhere: No such file or directory")
        done = self.check(self.folder.path("absent.conf"), check=1)
        self.assertIn("absent.conf: No such file", done.stderr)

    def test_config__unreadable_policy_is_named_by_line(self):
        self.configure(broker=BROKER)
        for text, word in (
            ("version: 1\nrulez: []\n",
             "policy.yaml:2: unknown key \"rulez\", did you mean \"rules\"?"),
            ("version: 1\nrules:\n  - topic: a\n    release: [b]\n"
             "    too: c\n",
             "policy.yaml:5: unknown key \"too\", did you mean \"to\"?"),
            ("version: 1\nrules: [\n", "policy.yaml:3: not valid YAML"),
            ("version: 3\n", "policy.yaml:1: this program needs"),
            ("\x00\x01", "policy.yaml:1: not valid YAML"),
        ):
            with self.subTest(text=text):
                self.folder.write("policy.yaml", text)
                self.refused(word)
        os.remove(self.policy)
        os.mkdir(self.policy)
        self.refused("policy.yaml: not a regular file")

    def test_config__key_that_others_may_read_is_refused(self):
        self.configure(broker=BROKER)
        os.chmod(self.key, 0o640)
        self.refused("owner.jwk", "chmod 600")

    def test_config__broken_key_is_named_and_never_shown(self):
        self.configure(broker=BROKER)
        with open(self.key, encoding="utf-8") as file:
            good = json.load(file)
        for change in ({"k": good["k"][:-1]}, {"kty": "EC"}, {"kid": ""},
                       {"d": good["k"]}):
            with self.subTest(change=list(change)):
                self.folder.write("owner.jwk", json.dumps({**good, **change}),
                                  0o600)
                self.refused("owner.jwk")
                self.assertNotIn(good["k"][:20], self.check(check=1).stderr)

    def test_config__broken_credential_is_named(self):
        self.configure(broker=BROKER)
        self.folder.write("gateway.credential", "{}", 0o600)
        self.refused("gateway.credential")

    @unittest.skipUnless(wk.may_mount(), "only root may mount")
    def test_config__credential_in_a_read_only_folder_is_refused(self):
        config = self.configure(broker=BROKER)
        for more in (["--test-config"], []):
            done = wk.run_read_only(self.folder.root, "whitekey-gateway",
                                    "-c", config, *more, check=1)
            self.assertIn(f"{self.credential.path}: cannot be replaced: "
                          f"{self.folder.root}/: Read-only", done.stderr)

    def test_config__loop_is_refused(self):
        self.configure("subscribe sensors/#", "subscribe sealed/+",
                       broker=BROKER)
        self.refused("what is sealed goes to \"sealed/#\"",
                     "\"subscribe sealed/+\" would read again")
        self.configure("subscribe public/#", broker=BROKER)
        self.refused("policy.yaml:3:", "would read again")

    def test_init_key__makes_a_private_file_and_never_overwrites(self):
        path = self.folder.path("new.jwk")
        wk.run("whitekey-gateway", "init-key", path, check=0)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
        with open(path, encoding="utf-8") as file:
            first = file.read()
        done = wk.run("whitekey-gateway", "init-key", path, check=1)
        self.assertIn("new.jwk: File exists", done.stderr)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), first)

    def test_usage__mistakes_end_with_2_and_a_hint(self):
        config = self.configure(broker=BROKER)
        for args in ((), ("export",), ("-c",), ("--nonsense",),
                     ("init-key",), ("init-key", "a", "b"),
                     ("-c", config, "exprot"),
                     ("-c", config, "--json"),
                     ("-c", config, "export", "--since", "-1"),
                     ("-c", config, "export", "--topic", "a/#/b")):
            with self.subTest(args=args):
                done = wk.run("whitekey-gateway", *args, check=2)
                self.assertIn("--help", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_help__shows_a_first_start(self):
        done = wk.run("whitekey-gateway", "--help", check=0)
        for word in ("init-key", "--test-config", "jose jwe dec"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""list, show, the changes, audit, fingerprint, with their broken twins."""

import json
import os
import pty
import re
import subprocess

import cli_case
import wk


class AdminTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()

    def show(self, did):
        return json.loads(self.reg.cli("show", did, "--json").stdout)

    def test_list__empty_registry(self):
        self.assertEqual(self.reg.cli("list").stdout, "")
        self.assertEqual(json.loads(self.reg.cli("list", "-j").stdout), [])

    def test_list__by_name_in_columns(self):
        for did in ("zoo", "a" * 32, "m.1"):
            self.reg.enrol(did)
        lines = self.reg.cli("list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["DEVICE", "a" * 32, "m.1", "zoo"])
        column = lines[0].index("STATE")
        for line in lines[1:]:
            self.assertTrue(line[column:].startswith("enabled "), line)
        devices = json.loads(self.reg.cli("list", "--json").stdout)
        self.assertEqual([d["d_id"] for d in devices],
                         ["a" * 32, "m.1", "zoo"])
        self.assertEqual(devices[1], self.show("m.1"))

    def test_show__text_and_json(self):
        self.reg.enrol("gate", "--user")
        text = self.reg.cli("show", "gate").stdout
        self.assertRegex(text, r"(?m)^state +enabled$")
        self.assertRegex(text, r"(?m)^last login +never$")
        self.assertRegex(text, r"(?m)^user chain +0 of 256 passwords")
        shown = self.show("gate")
        self.assertIsNone(shown["login_at"])
        self.assertRegex(shown["enrolled_at"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertEqual(
            shown["chains"]["D"],
            {"epoch": 0, "n": 256, "last": 0, "pending": False},
        )

    def test_output__holds_no_secret(self):
        credential = self.reg.enrol("a").load()
        output = "".join(
            self.reg.cli(*args).stdout
            for args in (["list"], ["list", "-j"], ["show", "a"],
                         ["show", "a", "-j"], ["audit", "-j"])
        )
        for secret in (credential["ks"], credential["bio_id"],
                       credential["chains"]["C"]["seed"]):
            self.assertNotIn(secret, output)

    def test_device__unknown_one_fails_by_name(self):
        for name in ("show", "enable", "disable", "release", "revoke"):
            done = self.reg.cli(name, "nobody", check=1)
            self.assertRegex(done.stderr, 'no device "nobody"')
        self.assertEqual([e["event"] for e in self.reg.audit()], ["init"])

    def test_changes__each_is_shown_and_audited(self):
        self.reg.enrol("a")
        for name, state in (("disable", "disabled"), ("enable", "enabled"),
                            ("revoke", "revoked")):
            done = self.reg.cli(name, "a")
            self.assertEqual(done.stdout, f"a: {state}\n")
            self.assertEqual(self.show("a")["state"], state)
        self.assertEqual([e["event"] for e in self.reg.audit()],
                         ["init", "enrol", "disable", "enable", "revoke"])

    def test_changes__what_the_state_forbids_fails(self):
        self.reg.enrol("a")
        self.reg.cli("disable", "a")
        done = self.reg.cli("release", "a", check=1)
        self.assertRegex(done.stderr, '"a" is disabled')
        self.reg.cli("revoke", "a")
        for name in ("enable", "disable", "release"):
            done = self.reg.cli(name, "a", check=1)
            self.assertRegex(done.stderr, '"a" is revoked')
        self.assertEqual(self.show("a")["state"], "revoked")

    def test_revoke__can_be_enrolled_again(self):
        self.reg.enrol("a")
        self.reg.cli("revoke", "a")
        self.reg.cli("enrol", "a", "--out", self.folder.path("new.json"))
        shown = self.show("a")
        self.assertEqual((shown["state"], shown["generation"]),
                         ("enabled", 1))

    def test_commands__wrong_master_key_or_broken_registry(self):
        self.reg.enrol("a")
        other = self.registry("other")
        text = self.folder.write("text", "no database" * 99)
        for args in (["list"], ["show", "a"], ["disable", "a"]):
            self.fails(*args, says="other.master.key",
                       env={**self.reg.env,
                            "WHITEKEY_MASTER_KEY": other.master})
            self.fails(*args, says=re.escape(text),
                       env={**self.reg.env, "WHITEKEY_REGISTRY": text})
        self.assertEqual(self.show("a")["state"], "enabled")


class FullDiskTest(cli_case.CliTest):
    def test_change__is_made_and_told_where_its_line_gets_lost(self):
        """No file may grow beyond 512 KiB, and the audit file is there."""
        reg = self.registry()
        reg.enrol("a")
        path = reg.path + ".audit.jsonl"
        os.truncate(path, 512 << 10)
        full = ["sh", "-c", "trap '' XFSZ; ulimit -f 512; exec \"$@\"", "-",
                wk.program("whitekey")]
        done = wk.run(*full, "disable", "a", env=reg.env, check=0)
        self.assertEqual(done.stdout, "a: disabled\n")
        self.assertIn(f"done, but it is not in the audit file: {path}: ",
                      done.stderr)
        self.assertIn("disabled", reg.cli("list").stdout)
        done = wk.run(*full, "list", env=reg.env, check=0)
        self.assertEqual(done.stderr, "")
        os.truncate(path, 0)
        done = reg.cli("enable", "a")
        self.assertEqual(done.stderr, "")
        self.assertEqual([e["event"] for e in reg.audit()], ["enable"])


class AuditTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.path = self.reg.path + ".audit.jsonl"

    def append(self, line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def test_audit__newest_last(self):
        self.reg.enrol("a")
        self.reg.cli("disable", "a")
        lines = self.reg.cli("audit").stdout.splitlines()
        self.assertEqual([line.split()[1] for line in lines],
                         ["init", "enrol", "disable"])
        with open(self.path, encoding="utf-8") as file:
            self.assertEqual(self.reg.cli("audit", "--json").stdout,
                             file.read())

    def test_audit__login_is_told_by_its_reason(self):
        self.append(json.dumps({
            "time": "2026-11-22T03:00:00.000Z", "event": "login",
            "d_id": "a", "reason": "clone", "method": "password",
            "address": "127.0.0.1", "index": 7, "alarms": ["clone"],
            "quarantined": True,
        }))
        line = self.reg.cli("audit").stdout.splitlines()[-1]
        for word in ("clone", " a ", "127.0.0.1", "index 7", "alarm clone",
                     "quarantined"):
            self.assertIn(word, line)

    def test_audit__broken_line_is_named_and_the_rest_shown(self):
        self.append('{"time": ')
        self.append('{"time":"t","event":"enable","d_id":"z"}')
        done = self.reg.cli("audit", check=1)
        self.assertIn(f"{self.path}:2: not an audit event", done.stderr)
        self.assertIn("enable", done.stdout)

    def test_audit__nothing_in_it_reaches_the_terminal_raw(self):
        self.append('{"time":"\\u001b[2J","event":"\\u0007","d_id":"\x1b[1m"}')
        self.append('{"time":"\\u001b[2J","event":"\\u0007","d_id":"\\u009b"}')
        done = self.reg.cli("audit", check=None)
        self.assertNotRegex(done.stdout + done.stderr,
                            r"[\x00-\x09\x0b-\x1f\x7f-\xff]")

    def test_audit__needs_no_master_key_but_a_file(self):
        os.unlink(self.reg.master)
        self.reg.cli("audit")
        os.unlink(self.path)
        done = self.reg.cli("audit", check=1)
        self.assertIn(self.path, done.stderr)


class FingerprintTest(cli_case.CliTest):
    def test_fingerprint__as_the_vectors_have_it(self):
        path = os.path.join(wk.SOURCE, "tests", "vectors", "protocol-1.json")
        with open(path, encoding="utf-8") as file:
            cases = json.load(file)["cases"]
        for case in cases:
            template = self.folder.path("template")
            with open(template, "wb") as file:
                file.write(bytes.fromhex(case["template"]))
            for options, key in (([], "fingerprint_of_template"),
                                 (["--md5"], "fingerprint_md5_of_template")):
                done = wk.run("whitekey", "fingerprint", template, *options,
                              check=0)
                self.assertEqual(done.stdout, case[key] + "\n")

    def test_fingerprint__what_is_no_template(self):
        self.fails("fingerprint", self.folder.write("empty", ""),
                   says="empty: is empty")
        self.fails("fingerprint", self.folder.write("big", "x" * 65537),
                   says="big: larger than")
        self.fails("fingerprint", self.folder.path("nowhere"), says="nowhere")
        self.fails("fingerprint", self.folder.root, says="not a regular file")


class ColourTest(cli_case.CliTest):
    def on_terminal(self, env):
        reader, writer = pty.openpty()
        try:
            subprocess.run(
                [wk.program("whitekey"), "list"],
                env={**os.environ, **self.reg.env, **env},
                stdin=subprocess.DEVNULL, stdout=writer, check=True,
            )
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as terminal:
            text = b""
            try:
                while piece := terminal.read(4096):
                    text += piece
            except OSError:  # EIO: nobody holds the other end any more
                pass
        return text.decode()

    def test_colour__on_a_terminal_only(self):
        self.reg = self.registry()
        self.reg.enrol("a")
        colour = "\x1b[32menabled\x1b[0m"
        plain = {"TERM": "xterm", "NO_COLOR": ""}
        self.assertIn(colour, self.on_terminal(plain))
        for env in ({"TERM": "xterm", "NO_COLOR": "1"},
                    {"TERM": "dumb", "NO_COLOR": ""}):
            self.assertNotIn("\x1b", self.on_terminal(env))
        done = wk.run("whitekey", "list", env={**self.reg.env, **plain},
                      check=0)
        self.assertNotIn("\x1b", done.stdout)


if __name__ == "__main__":
    wk.main()

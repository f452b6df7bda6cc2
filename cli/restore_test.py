# SPDX-License-Identifier: Apache-2.0
"""whitekey restore, with a real broker before and after the backup."""

import datetime
import os
import shutil

import cli_case
import wk

UTC = "%Y-%m-%dT%H:%M:%SZ"


class RestoreTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.device = self.reg.enrol("a")

    def login(self, server, password):
        done = wk.run(
            "mosquitto_pub", "-h", wk.HOST, "-p", server.port, "-u", "a",
            "-P", password, "-t", "t", "-m", "m", "-q", "1",
        )
        return done.returncode == 0

    def last_reason(self):
        return [e.get("reason") for e in self.reg.audit()][-1]

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).strftime(UTC)

    def put_back(self, backup):
        for suffix in ("-wal", "-shm"):
            self.assertFalse(os.path.exists(self.reg.path + suffix))
        shutil.copy(backup, self.reg.path)

    def test_restore__old_passwords_stay_spent_new_ones_count(self):
        backup = self.folder.path("backup.db")
        shutil.copy(self.reg.path, backup)
        server = self.broker(self.reg)
        spent = self.reg.otp(self.device)
        self.assertTrue(self.login(server, spent))
        server.stop()
        self.put_back(backup)
        done = self.reg.cli("restore", "--at", self.now(),
                            "--max-skew", "0")
        self.assertRegex(done.stdout, r"^logins count from 20.*Z on\n$")
        server.start()
        self.assertFalse(self.login(server, spent))
        self.assertSoon("clock", self.last_reason)
        self.assertFalse(
            self.login(server, self.reg.otp(self.device, "--no-time")))
        self.assertSoon(
            True, lambda: self.login(server, self.reg.otp(self.device)))

    def test_restore__is_audited(self):
        self.reg.cli("restore")
        event = self.reg.audit()[-1]
        self.assertEqual(event["event"], "restore")
        self.assertFits("audit-event", event)

    def test_restore__refused_while_a_broker_serves(self):
        self.broker(self.reg)
        done = self.reg.cli("restore", check=1)
        self.assertIn(f"{self.reg.path}.lock: another process holds it",
                      done.stderr)
        self.assertNotIn("restore",
                         [e["event"] for e in self.reg.audit()])

    def test_restore__second_broker_refused_while_one_serves(self):
        self.broker(self.reg)
        second = wk.Broker(self.folder, self.reg)
        second.spawn()
        self.assertNotEqual(second.process.wait(), 0)
        self.assertIn(".lock: another process holds it", second.log())
        second.stop()

    def test_restore__wrong_times_are_usage_errors(self):
        for at in ("yesterday", "2026-11-22", "2999-01-01T00:00:00Z",
                   "2026-11-22T05:00:00Z "):
            self.fails("restore", "--at", at, says="--at", code=2,
                       env=self.reg.env)
        self.fails("restore", "--max-skew", "-1", says="max-skew", code=2,
                   env=self.reg.env)


if __name__ == "__main__":
    wk.main()

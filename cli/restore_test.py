# SPDX-License-Identifier: Apache-2.0
"""whitekey restore, with a real broker before and after the backup."""

import datetime
import os
import shutil
import sqlite3

import cli_case
import wk

LATER = 4000000000
UTC = "%Y-%m-%dT%H:%M:%SZ"

# A disk that takes so many writes of SQLite's and is full then.
DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
typedef ssize_t writer(int, const void *, size_t, off64_t);
static int left = -1;
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) {
  if (left < 0)
    left = atoi(getenv("WRITES"));
  if (left == 0) {
    errno = ENOSPC;
    return -1;
  }
  left--;
  return ((writer *)dlsym(RTLD_NEXT, "pwrite64"))(fd, data, len, at);
}
ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
  return pwrite64(fd, data, len, at);
}
"""


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

    def test_restore__by_a_clock_that_nobody_has_set(self):
        db = sqlite3.connect(self.reg.path)
        db.execute("UPDATE device SET login_at = ?", (LATER,))
        db.commit()
        db.close()
        wrong = self.reg.cli("restore", check=1).stderr
        self.assertRegex(wrong, r"knows of a login at 2096-10-02T07:06:40Z,"
                                r" and this machine's clock says 20\S+Z: set")
        self.assertNotIn("restore",
                         [e["event"] for e in self.reg.audit()])
        self.reg.cli("restore", "--at", self.now())

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

    def refused(self, says):
        """Tells why, and leaves the file that stands there as it is."""
        with open(self.reg.path, "rb") as file:
            before = file.read()
        self.fails("restore", says=f"{self.reg.path}: {says}",
                   env=self.reg.env)
        with open(self.reg.path, "rb") as file:
            self.assertEqual(file.read(), before)

    def sql(self, script, path=None):
        file = sqlite3.connect(path or self.reg.path)
        file.executescript(script)
        file.close()

    def test_restore__what_is_no_registry_is_left_alone(self):
        os.unlink(self.reg.path)
        self.folder.write("registry.db", "a letter, not a database\n" * 40)
        self.refused("file is not a database")
        os.unlink(self.reg.path)
        self.sql("CREATE TABLE head (realm)")
        self.refused("is no WhiteKey registry")

    def test_restore__registry_of_a_newer_version_is_left_alone(self):
        self.sql("PRAGMA user_version = 99")
        self.refused("is of version 99, which this program does not know")

    def test_restore__other_key_s_registry_is_left_alone(self):
        other = self.registry("other")
        shutil.copy(other.path, self.reg.path)
        self.fails("restore", says=f"{self.reg.master}: is not the master "
                   f"key of {self.reg.path}", env=self.reg.env)

    def test_restore__backup_that_is_not_whole_is_left_alone(self):
        with open(self.reg.path, "rb") as file:
            whole = file.read()
        for cut in range(len(whole) // 8, len(whole), len(whole) // 8):
            with open(self.reg.path, "wb") as file:
                file.write(whole[:cut])
            self.refused("")

    def test_restore__backup_with_a_damaged_page_is_left_alone(self):
        """SQLite itself reads only what it needs."""
        with open(self.reg.path, "rb") as file:
            whole = file.read()
        page = 4096
        for at in range(page, len(whole), page):
            with open(self.reg.path, "wb") as file:
                file.write(whole[:at] + b"\x55" * page + whole[at + page:])
            self.refused("")

    def test_restore__missing_or_a_folder_is_told(self):
        os.unlink(self.reg.path)
        self.fails("restore", says=f"{self.reg.path}: No such file",
                   env=self.reg.env)
        os.mkdir(self.reg.path)
        self.fails("restore", says=f"{self.reg.path}: ", env=self.reg.env)

    def content(self):
        file = sqlite3.connect(self.reg.path)
        text = "\n".join(file.iterdump())
        file.close()
        return text

    def test_restore__disk_that_fills_up_leaves_the_registry_as_it_was(self):
        before = self.content()
        writes = 0
        while True:
            done = wk.run(
                *wk.preload(self.folder, DISK, WRITES=writes),
                wk.program("whitekey"), "restore", env=self.reg.env)
            if done.returncode == 0:
                break
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, f"{self.reg.path}: .*(full|I/O)")
            self.assertEqual(self.content(), before)
            writes += 1
        self.assertGreater(writes, 2)
        self.assertNotEqual(self.content(), before)

    def test_restore__wrong_times_are_usage_errors(self):
        for at in ("yesterday", "2026-11-22", "2999-01-01T00:00:00Z",
                   "2026-11-22T05:00:00Z "):
            self.fails("restore", "--at", at, says="--at", code=2,
                       env=self.reg.env)
        self.fails("restore", "--max-skew", "-1", says="max-skew", code=2,
                   env=self.reg.env)


if __name__ == "__main__":
    wk.main()

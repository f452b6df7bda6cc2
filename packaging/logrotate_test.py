# SPDX-License-Identifier: Apache-2.0
"""Debian's logrotate with our file, while devices log in: no line is lost."""

import glob
import gzip
import json
import os
import stat
import threading

import rawmqtt
import wk

CONFIG = os.path.join(wk.SOURCE, "packaging/whitekey.logrotate")
LOGINS, BATCH = 200, 40
# invoke-rc.d as Debian's is asked: a broker that runs, and its reload.
INVOKE = """#!/bin/sh
[ "$1" = mosquitto ] || exit 100
case $2 in
  status) kill -0 {pid} ;;
  reload) kill -HUP {pid} ;;
  *) exit 100 ;;
esac
"""


class LogrotateTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.path = self.store.path + ".audit.jsonl"
        self.thermo = self.store.enrol("thermo-1")
        self.server = self.broker(self.store)
        os.mkdir(self.folder.path("bin"))
        self.folder.write("bin/invoke-rc.d",
                          INVOKE.format(pid=self.server.process.pid), 0o755)
        with open(CONFIG, encoding="utf-8") as file:
            text = file.read()
        for here, there in (("/var/lib/whitekey/", self.folder.root + "/"),
                            ("\tsu mosquitto mosquitto\n", "")):
            self.assertEqual(text.count(here), 1)
            text = text.replace(here, there)
        self.config = self.folder.write("logrotate.conf", text)

    def rotate(self):
        path = f"{self.folder.path('bin')}:/usr/sbin:{os.environ['PATH']}"
        wk.run("logrotate", "--force", "--state",
               self.folder.path("logrotate.state"), self.config,
               env={"PATH": path}, check=0)

    def events(self):
        """Of all files, the oldest first."""
        def turn(path):
            return int(path.removesuffix(".gz").rsplit(".", 1)[1])

        lines = []
        order = sorted(glob.glob(self.path + ".*"), key=turn, reverse=True)
        for path in (*order, self.path):
            opened = gzip.open if path.endswith(".gz") else open
            with opened(path, "rt", encoding="utf-8") as file:
                lines += file.read().splitlines()
        return [json.loads(line) for line in lines]

    def logins(self):
        return [e["index"] for e in self.events() if e["event"] == "login"]

    def log_in(self, passwords):
        for password in passwords:
            client = rawmqtt.Client(self.server.port, "c")
            self.codes.append(client.connect("thermo-1", password).code)
            client.disconnect()

    def test_rotation__of_a_busy_broker_loses_no_line(self):
        follower = self.process("whitekey", "audit", "--registry",
                                self.store.path, "--follow", "--json")
        follower.wait_log("enrol")
        self.codes = []
        passwords = self.store.otps(self.thermo, LOGINS)
        for first in range(0, LOGINS, BATCH):
            busy = threading.Thread(target=self.log_in,
                                    args=[passwords[first:first + BATCH]])
            mark = self.server.mark()
            busy.start()
            follower.wait_log(f'"index":{first + 1}[,}}]')
            self.rotate()  # which leaves an empty file alone
            self.server.wait_log("Reloading config", mark)
            busy.join()
            # It looks five times a second, and logrotate comes once a day.
            follower.wait_log(f'"index":{first + BATCH}[,}}]')
        self.assertEqual(self.codes, [0] * LOGINS)
        everyone = list(range(1, LOGINS + 1))
        self.assertSoon(everyone, self.logins)
        self.assertNotIn("lost", [e["event"] for e in self.events()])
        seen = [json.loads(line) for line in follower.log().splitlines()]
        self.assertEqual(sorted(e["index"] for e in seen
                                if e["event"] == "login"), everyone)

    def test_rotation__new_file_is_private_and_old_ones_compressed(self):
        for number in range(3):
            self.log_in_once()
            self.assertSoon(number + 1, lambda: len(self.logins()))
            mark = self.server.mark()
            self.rotate()
            self.server.wait_log("Reloading config", mark)
        names = sorted(os.path.basename(path)
                       for path in glob.glob(self.path + "*"))
        base = os.path.basename(self.path)
        self.assertEqual(names, [base, f"{base}.1", f"{base}.2.gz",
                                 f"{base}.3.gz"])
        for path in glob.glob(self.path + "*"):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.log_in_once()
        self.assertSoon([1, 2, 3, 4], self.logins)

    def log_in_once(self):
        self.codes = []
        self.log_in([self.store.otp(self.thermo)])
        self.assertEqual(self.codes, [0])


if __name__ == "__main__":
    wk.main()

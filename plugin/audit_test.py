# SPDX-License-Identifier: Apache-2.0
"""The audit file in trouble: no login waits for it, and what it did not get
is counted and told."""

import os
import re

import rawmqtt
import wk
from clock import Clock, assert_once_a_minute

FAILS = "the audit file cannot be written"
WORKS = "the audit file can be written again"
QUEUE = 8192  # registry/include/whitekey/audit.h
BURST = 100  # plugin/throttle.h: refusals that an address has in the file

# Whatever the audit's thread writes waits while a file exists.
DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
typedef ssize_t writer(int, const void *, size_t);
ssize_t write(int fd, const void *data, size_t len) {
  while (gettid() != getpid() && access(getenv("DISK_HANGS"), F_OK) == 0)
    usleep(1000);
  return ((writer *)dlsym(RTLD_NEXT, "write"))(fd, data, len);
}
"""


class AuditTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.path = self.store.path + ".audit.jsonl"
        self.metrics = self.folder.path("whitekey.prom")

    def login(self):
        client = rawmqtt.Client(self.server.port, "at-thermo-1")
        self.addCleanup(client.disconnect, polite=False)
        code = client.connect("thermo-1", self.store.otp(self.thermo)).code
        self.assertEqual(code, 0)
        return client

    def refused(self, count, source):
        for _ in range(count):
            client = rawmqtt.Client(self.server.port, "c", source=source)
            self.assertEqual(client.connect("nobody", "x").code, 5)
            client.disconnect(polite=False)

    def logins(self):
        return [e for e in self.store.audit() if e["event"] == "login"]

    def lost(self):
        events = [e for e in self.store.audit() if e["event"] == "lost"]
        for event in events:
            self.assertFits("audit-event", event)
        return sum(event["lines"] for event in events)

    def test_disk__that_hangs_keeps_nobody_waiting(self):
        hangs = self.folder.path("hangs")
        self.server = self.broker(self.store, under=wk.preload(
            self.folder, DISK, DISK_HANGS=hangs))
        self.folder.write("hangs", "")
        sources = [f"127.0.{i}.1" for i in range(1, 84)]
        for source in sources:
            self.refused(BURST, source)
        self.login()
        told = len(sources) * BURST + 1
        self.assertGreater(told, QUEUE)
        os.unlink(hangs)
        # The next event tells, and is there itself.
        self.assertSoon(True, lambda: len(self.store.audit()) >= QUEUE)
        self.refused(1, "127.0.0.9")
        self.assertSoon("127.0.0.9",
                        lambda: self.store.audit()[-1].get("address"))
        self.assertGreater(self.lost(), 0)
        self.assertEqual(len(self.logins()) + self.lost(), told + 1)

    def metric(self, name):
        """None: the broker has not written its numbers yet."""
        try:
            with open(self.metrics, encoding="utf-8") as file:
                found = re.search(rf"^whitekey_{name} (\d+)$", file.read(),
                                  re.MULTILINE)
        except FileNotFoundError:
            return None
        return int(found[1])

    def break_file(self):
        """From now on no audit file can be made."""
        self.login()
        self.assertSoon(1, lambda: len(self.logins()))
        os.unlink(self.path)
        os.mkdir(self.path)
        self.server.reload()

    def test_file__that_cannot_be_made_anew_is_tried_again(self):
        self.server = self.broker(self.store, options={
            "metrics_file": self.metrics, "sys_interval": 1})
        self.assertSoon(1, lambda: self.metric("audit_healthy"))
        self.break_file()
        self.server.wait_log(f"{FAILS}: {self.path}: Is a directory")
        clients = [self.login() for _ in range(3)]
        self.assertTrue(clients[-1].alive())
        self.assertSoon(0, lambda: self.metric("audit_healthy"))
        self.assertSoon(3, lambda: self.metric("audit_lost_total"))
        os.rmdir(self.path)
        self.login()
        self.assertSoon(4, lambda: self.lost() + len(self.logins())
                        if os.path.exists(self.path) else 0)
        self.assertEqual(self.store.audit()[0]["event"], "lost")
        self.server.wait_log(WORKS)
        self.assertSoon(1, lambda: self.metric("audit_healthy"))
        self.assertEqual(self.metric("audit_lost_total"), 3)

    def test_file__trouble_is_told_once_a_minute(self):
        clock = Clock(self.folder)
        self.server = self.broker(self.store, under=clock.under)
        self.break_file()
        self.server.wait_log(FAILS)
        live = self.login()
        assert_once_a_minute(self, clock, live, FAILS)
        mark = self.server.mark()
        # The login's event is lost on a thread of its own, some time by now.
        clock.forward(125)
        self.server.wait_log(f"{FAILS}.* 1 events are lost", mark)


if __name__ == "__main__":
    wk.main()

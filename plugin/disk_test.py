# SPDX-License-Identifier: Apache-2.0
"""The registry on a real disk in trouble: full, or read-only.

The disk is a file system in memory, mounted where this process and its
children alone see it: it goes when they do. That takes root.
"""

import ctypes
import os
import unittest

import rawmqtt
import wk
from clock import Clock, assert_once_a_minute

CLONE_NEWNS = 0x00020000
FAILS = "the registry cannot be written"
WORKS = "the registry can be written again"


def may_mount():
    """Whether this process could get mounts of its own."""
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        return False
    return wk.run("mount", "--make-rprivate", "/").returncode == 0


@unittest.skipUnless(may_mount(), "only root may mount")
class DiskTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.disk = wk.Folder()
        self.addCleanup(self.disk.remove)
        wk.run("mount", "-t", "tmpfs", "-o", "size=2m", "none",
               self.disk.root, check=0)
        self.addCleanup(wk.run, "umount", "--lazy", self.disk.root)
        self.store = wk.Registry(self.disk)
        self.thermo = self.enrol("thermo-1")
        self.session = self.enrol("session-1")

    def enrol(self, did):
        """Its credential is on another disk."""
        path = self.folder.path(did)
        self.store.cli("enrol", did, "--length", 1000, "--out", path)
        return wk.Credential(did, path)

    def connect(self, password, did="thermo-1"):
        client = rawmqtt.Client(self.server.port, f"at-{did}")
        self.addCleanup(client.disconnect, polite=False)
        return client, client.connect(did, password).code

    def code(self, password):
        client, code = self.connect(password)
        client.disconnect()
        return code

    def serve(self, **settings):
        self.server = self.broker(self.store, **settings)
        client, code = self.connect(
            self.store.otp(self.session), "session-1")
        self.assertEqual(code, 0)
        return client

    def fill(self):
        """Takes all room; gives the file that has it."""
        filler = self.disk.path("filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        return filler

    def test_full__told_once_a_minute(self):
        clock = Clock(self.folder)
        live = self.serve(under=clock.under)
        self.fill()
        self.assertSoon(
            5, lambda: self.code(self.store.otp(self.thermo)))
        self.server.wait_log(FAILS)
        assert_once_a_minute(self, clock, live, FAILS)

    def test_full__refused_and_over_by_itself(self):
        live = self.serve()
        filler = self.fill()
        spent = []

        def login():
            spent.append(self.store.otp(self.thermo))
            return self.code(spent[-1])
        # What was promised is still let in, until its writing has failed.
        self.assertSoon(5, login)
        self.server.wait_log(FAILS)
        self.assertEqual([login(), login()], [5, 5])
        self.assertTrue(live.alive())
        os.unlink(filler)
        self.server.wait_log(WORKS)
        self.assertEqual(self.code(spent[-1]), 0)
        for password in spent:
            self.assertEqual(self.code(password), 5)
        self.assertEqual(self.server.log().count(FAILS), 1)
        self.assertTrue(live.alive())
        # The audit is on that disk: no line is torn, no event forgotten.
        # Two more logins, and the trouble's begin and end.
        self.assertSoon(2 * len(spent) + 4, self.told)

    def told(self):
        """What the broker wrote into the audit file, or counted as lost."""
        return sum(event.get("lines", 1) for event in self.store.audit()
                   if event["event"] in ("login", "store", "lost"))

    def test_read_only__no_start_and_a_clear_line(self):
        wk.run("mount", "-o", "remount,ro", self.disk.root, check=0)
        broker = wk.Broker(self.folder, self.store)
        self.addCleanup(broker.stop)
        self.assertNotEqual(broker.spawn().wait(), 0, broker.log())
        self.assertRegex(broker.log(), f"whitekey: {self.store.path}.*: .*"
                         "[Rr]ead-?only")
        wk.run("mount", "-o", "remount,rw", self.disk.root, check=0)
        self.serve()


if __name__ == "__main__":
    wk.main()

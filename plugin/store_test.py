# SPDX-License-Identifier: Apache-2.0
"""A registry that cannot be written: refused, told, and over by itself."""

import json
import os

import rawmqtt
import wk

# Between SQLite and the kernel: a disk that is full while a file exists.
DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
typedef ssize_t writer(int, const void *, size_t, off64_t);
static int is_full(void) {
  return access(getenv("DISK_IS_FULL"), F_OK) == 0;
}
#define FULL(name)                                                     \\
  ssize_t name(int fd, const void *data, size_t len, off64_t at) {     \\
    if (is_full()) {                                                   \\
      errno = ENOSPC;                                                  \\
      return -1;                                                       \\
    }                                                                  \\
    return ((writer *)dlsym(RTLD_NEXT, #name))(fd, data, len, at);     \\
  }
FULL(pwrite)
FULL(pwrite64)
"""
FAILS = "the registry cannot be written: .*full"
WORKS = "the registry can be written again"


class StoreTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.full = self.folder.path("full")
        self.server = self.broker(self.store, under=wk.preload(
            self.folder, DISK, DISK_IS_FULL=self.full))

    def connect(self, device, client_id):
        client = rawmqtt.Client(self.server.port, client_id)
        self.addCleanup(client.disconnect, polite=False)
        code = client.connect(device.did, self.store.otp(device)).code
        return client, code

    def login(self, device, client_id):
        client, code = self.connect(device, client_id)
        self.assertEqual(code, 0, self.server.log())
        return client

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def test_store__full_disk_refuses_tells_and_recovers(self):
        watch = self.login(
            self.store.enrol("watch", "--role", "admin"), "watch")
        watch.subscribe("whitekey/v1/events/#")
        late = self.store.enrol("late")
        self.folder.write("full", "")
        # What was promised is still let in, until its writing has failed.
        self.assertSoon(5, lambda: self.connect(late, "late")[1])
        self.server.wait_log(FAILS)
        self.assertSoon("store", lambda: (self.reasons() or [None])[-1])
        alarm = watch.wait_message("whitekey/v1/events/-")
        event = json.loads(alarm.payload)
        self.assertFits("audit-event", event)
        self.assertEqual((event["event"], event["result"]),
                         ("store", "failing"))
        for _ in range(3):
            _, code = self.connect(self.thermo, "thermo")
            self.assertEqual(code, 5)
        self.assertTrue(watch.alive())
        os.unlink(self.full)
        self.server.wait_log(WORKS)
        self.login(self.thermo, "thermo")
        self.login(late, "late")
        event = json.loads(watch.wait_message("whitekey/v1/events/-").payload)
        self.assertEqual(event["result"], "working")
        self.assertEqual(self.server.log().count("cannot be written"), 1)
        self.assertEqual(self.server.log().count("can be written again"), 1)

    def test_store__password_refused_meanwhile_is_good_later(self):
        """Nothing was spent, and what was spent stays so."""
        spent, fresh = self.store.otps(self.thermo, 2)
        client = rawmqtt.Client(self.server.port, "a")
        self.assertEqual(client.connect("thermo-1", spent).code, 0)
        client.disconnect()
        self.folder.write("full", "")
        _, code = self.connect(self.store.enrol("late"), "late")
        self.assertEqual(code, 5)
        self.server.wait_log(FAILS)
        for password in (spent, fresh):
            client = rawmqtt.Client(self.server.port, "a")
            self.assertEqual(client.connect("thermo-1", password).code, 5)
            client.disconnect()
        os.unlink(self.full)
        self.server.wait_log(WORKS)
        for password, code in ((spent, 5), (fresh, 0), (fresh, 5)):
            client = rawmqtt.Client(self.server.port, "a")
            self.assertEqual(client.connect("thermo-1", password).code, code)
            client.disconnect()


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""A broker that is killed: what was let in before is not let in again, and
the devices are back within their skip-ahead."""

from signal import SIGKILL

import rawmqtt
import wk
import xmsg

SKIPS = (1, 2, 4, 8, 16, 32, 64)  # protocol section 2


class KillTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.devices = [xmsg.Device(self.store.enrol(f"d-{i}", length=1000))
                        for i in range(4)]
        self.server = self.broker(self.store)
        self.let_in = []
        self.last = {}

    def connect(self, device, password):
        client = rawmqtt.Client(self.server.port, f"at-{device.did}")
        try:
            return client.connect(device.did, password).code
        finally:
            client.disconnect(polite=False)

    def login(self, device, index):
        password = device.password(index)
        code = self.connect(device, password)
        if code == 0:
            self.let_in.append((device, password))
            self.last[device.did] = index
        return code

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def kill(self):
        self.server.restart(SIGKILL)

    def nothing_twice(self):
        for device, password in self.let_in:
            self.assertEqual(self.connect(device, password), 5)

    def back(self, device):
        """Logs in as a client does; gives how often it was refused."""
        index = self.last[device.did]
        for refused, skip in enumerate(SKIPS + (1,)):
            index += skip
            if self.login(device, index) == 0:
                return refused
        self.fail(f"{device.did} did not get in any more")

    def test_kill__spent_stays_spent_and_all_come_back(self):
        for number, device in enumerate(self.devices):
            for index in range(1, 2 + 10 * number):
                self.assertEqual(self.login(device, index), 0)
        for _ in range(3):
            self.kill()
            self.nothing_twice()
            for device in self.devices:
                self.assertLess(self.back(device), len(SKIPS) + 1)
        # A crash of the broker is no copy of a device.
        said = self.reasons()
        self.assertIn("reserved", said)
        self.assertEqual({"clone", "chain", "quarantined"} & set(said), set())
        self.nothing_twice()

    def test_kill__clean_end_reserves_nothing(self):
        for device in self.devices:
            self.assertEqual(self.login(device, 1), 0)
        self.server.restart()
        self.nothing_twice()
        self.assertEqual([self.back(device) for device in self.devices],
                         [0] * len(self.devices))
        self.assertNotIn("reserved", self.reasons())

    def test_kill__start_that_fails_later_reserves_nothing(self):
        for device in self.devices:
            self.assertEqual(self.login(device, 1), 0)
        self.server.stop()
        self.server.config = "certfile /nowhere\nkeyfile /nowhere"
        self.assertNotEqual(self.server.spawn().wait(), 0)
        self.server.config = ""
        self.server.start()
        self.nothing_twice()
        self.assertEqual([self.back(device) for device in self.devices],
                         [0] * len(self.devices))
        self.assertNotIn("reserved", self.reasons())


if __name__ == "__main__":
    wk.main()

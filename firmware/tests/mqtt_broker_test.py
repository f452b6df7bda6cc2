# SPDX-License-Identifier: Apache-2.0
"""The chip as an MQTT client by itself, through socat to a real broker."""

import json
import subprocess
import threading
import unittest

import rawmqtt
import wk
from donglesim import Dongle


class Pipe:
    """socat between a serial port and a broker, as often as it ends."""

    def __init__(self, case, dongle, port):
        self.dongle, self.port = dongle, port
        self.ended = threading.Event()
        self.socat = None
        self.thread = threading.Thread(target=self.keep)
        self.thread.start()
        case.addCleanup(self.close)

    def keep(self):
        while not self.ended.wait(0.05):
            self.socat = subprocess.Popen(
                ["socat", f"{self.dongle.port},raw,echo=0",
                 f"TCP:{wk.HOST}:{self.port}"],
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while self.socat.poll() is None and not self.ended.wait(0.02):
                pass
            self.socat.kill()
            self.socat.wait()

    def cut(self):
        """Both of its ends hear nothing of each other any more."""
        self.socat.kill()

    def close(self):
        self.ended.set()
        self.thread.join()


class BrokerCase(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner")
        self.dongle = Dongle(self)
        self.store.cli("enrol", "door-1", "--dongle", self.dongle.port,
                       "--length", "256")
        self.server = self.broker(self.store)
        self.spend()
        self.dongle.restart("--mqtt", "--haste", "6")
        self.pipe = Pipe(self, self.dongle, self.server.port)
        self.watch()

    def spend(self):
        """What the chip did before it became a client."""

    def watch(self):
        self.client = rawmqtt.Client(self.server.port, "watcher")
        self.addCleanup(self.client.disconnect, polite=False)
        self.assertEqual(self.client.connect(
            "owner", self.store.otp(self.owner)).code, 0)
        self.client.subscribe("sensors/#")

    def reading(self):
        self.client.messages.clear()
        message = self.client.wait_message("sensors/door-1/analog")
        return json.loads(message.payload)

    def logins(self):
        return [event for event in self.store.audit()
                if event["event"] == "login" and event["d_id"] == "door-1"]

    def reasons(self):
        return [event["reason"] for event in self.logins()]

    def assertNoneTwice(self, reasons=("ok",)):
        """Each login had an index of its own."""
        logins = self.logins()
        self.assertLessEqual(set(self.reasons()), set(reasons))
        spent = [(event["epoch"], event["index"]) for event in logins]
        self.assertEqual(len(set(spent)), len(spent))
        return len(spent)


class BrokerTest(BrokerCase):
    def test_broker__knows_it_hears_it_and_comes_back(self):
        self.assertEqual(set(self.reading()), {"analog", "uptime"})
        self.pipe.cut()
        mark = self.server.mark()
        self.server.wait_log(r"New client connected .* as door-1", mark)
        self.reading()
        self.server.restart()
        self.watch()
        self.reading()
        self.assertSoon(3, self.assertNoneTwice)

    def test_broker__power_fails_and_it_comes_back(self):
        for _ in range(3):
            self.reading()
            self.dongle.power_fails()
            self.pipe.cut()
        self.reading()
        self.assertSoon(True, lambda: self.assertNoneTwice() >= 4)

    def test_broker__refused_until_it_is_enabled(self):
        self.reading()
        self.store.cli("disable", "door-1")
        self.server.wait_log(r"disabled|may not stay")
        self.assertSoon(True, lambda: "disabled" in self.reasons())
        self.store.cli("enable", "door-1")
        self.reading()
        self.assertSoon("ok", lambda: self.reasons()[-1])


class UpdateTest(BrokerCase):
    def spend(self):
        """Now less than 192 passwords are left: an update is due."""
        wk.run("whitekey", "otp", "--dongle", self.dongle.port, "--count",
               "70", check=0)

    def come_back(self, act):
        mark = self.server.mark()
        act()
        self.server.wait_log(r"New client connected .* as door-1", mark)

    def test_update__through_broken_pipes_and_power_cuts(self):
        self.server.wait_log(r"Received PUBLISH from door-1 .*door-1/x3")
        # The chip takes the broker's X4, and stays.
        mark = self.server.mark()
        self.server.wait_log(r"Received PUBACK from door-1")
        self.reading()
        self.assertNotIn("door-1 disconnected", self.server.log()[mark:])
        self.assertSoon(True, lambda: any(
            event["event"] == "update" for event in self.store.audit()))
        self.come_back(self.dongle.power_fails)
        self.come_back(self.pipe.cut)
        self.come_back(self.dongle.power_fails)
        self.reading()
        self.assertSoon(1, lambda: self.logins()[-1]["epoch"])
        # Where the X4 that tells of the switch was lost the old chain is
        # tried once more: protocol section 6.5.
        self.assertNoneTwice(("ok", "epoch"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

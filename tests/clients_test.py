# SPDX-License-Identifier: Apache-2.0
"""Clients that nobody here wrote log in: npm mqtt and python3-paho-mqtt.

They also show how a client gets a fresh password for each reconnect: a used
one, which is what libraries repeat by themselves, is refused.
"""

import json
import os
import queue
import shutil
import unittest

import paho.mqtt.client as paho

import wk

NODE = os.path.join(wk.SOURCE, "tests", "node")
NOT_AUTHORIZED = {4: 5, 5: 0x87}  # CONNACK by protocol version

# paho 2 (Debian 13) gives MQTT 3.1.1's 5 as MQTT 5's number.
PAHO_2 = hasattr(paho, "CallbackAPIVersion")
PAHO_REFUSED = {4: 0x87, 5: 0x87} if PAHO_2 else NOT_AUTHORIZED


class NpmTest(wk.TestCase):
    """npm mqtt through tests/node/login.js."""

    def setUp(self):
        super().setUp()
        self.assertTrue(
            os.path.isdir(os.path.join(NODE, "node_modules", "mqtt")),
            "npm ci in tests/node comes first (./run test does it)")
        self.devices = self.registry()
        self.thermo = self.devices.enrol("thermo-1")
        self.server = self.broker(self.devices)

    def login(self, *args):
        """Runs login.js; gives its events."""
        done = wk.run(shutil.which("node"), os.path.join(NODE, "login.js"),
                      *args, check=0)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def once(self, version, password):
        return self.login("once", self.server.port, version,
                          self.thermo.path, password)

    def test_password__let_in_once_then_refused(self):
        for index, version in enumerate((4, 5), 1):
            with self.subTest(version=version):
                password = self.devices.otp(self.thermo)
                connected, x4 = self.once(version, password)
                self.assertEqual(connected, {"event": "connected"})
                self.assertEqual(x4, {"event": "x4", "status": 1, "role": "C",
                                      "epoch": 0, "index": index})
                self.assertEqual(
                    self.once(version, password),
                    [{"event": "refused", "code": NOT_AUTHORIZED[version]}])
                self.assertSoon(
                "replay", lambda: self.devices.audit()[-1].get("reason"))

    def test_password__a_changed_character_is_refused(self):
        password = self.devices.otp(self.thermo)
        other = "A" if password[40] != "A" else "B"
        changed = password[:40] + other + password[41:]
        self.assertEqual(self.once(4, changed),
                         [{"event": "refused", "code": 5}])
        self.assertSoon(
                "forged", lambda: self.devices.audit()[-1].get("reason"))

    def test_enhanced__mutual_in_one_round_trip_then_refused(self):
        arguments = ("enhanced", self.server.port, self.thermo.path,
                     self.devices.otp(self.thermo))
        self.assertEqual(self.login(*arguments), [
            {"event": "connected", "method": "WHITEKEY", "status": 1,
             "role": "C", "epoch": 0, "index": 1}])
        self.assertEqual(self.login(*arguments),
                         [{"event": "refused", "code": 0x87}])

    def test_challenge__mutual_in_two_round_trips(self):
        arguments = ("challenge", self.server.port, self.thermo.path)
        self.assertEqual(self.login(*arguments, 1), [
            {"event": "connected", "status": 1, "role": "C", "epoch": 0,
             "index": 1}])
        self.assertEqual(self.login(*arguments, 2, "replay"),
                         [{"event": "refused", "code": 0x87}])
        self.assertSoon(["ok", "forged"], lambda: [
            event["reason"] for event in self.logins()])

    def stay(self, *args):
        return self.process(
            shutil.which("node"), os.path.join(NODE, "login.js"), "stay",
            self.server.port, 4, self.thermo.path, *args,
            env={"WHITEKEY": wk.program("whitekey")})

    def test_reconnect__fresh_password_gets_in(self):
        client = self.stay()
        client.wait_log('"connected"')
        mark = client.mark()
        self.server.restart()
        client.wait_log('"connected"', mark)
        self.assertSoon(
            [1, 2], lambda: [event["index"] for event in self.logins()])
        self.assertEqual({event["reason"] for event in self.logins()}, {"ok"})

    def test_reconnect__repeated_password_is_refused(self):
        client = self.stay("stale")
        client.wait_log('"connected"')
        self.server.restart()
        client.wait_log('"code":5')
        self.assertSoon("replay", lambda: self.logins()[-1]["reason"])

    def logins(self):
        return [event for event in self.devices.audit()
                if event["event"] == "login"]


class Paho:
    """A paho client whose connection events can be awaited."""

    def __init__(self, protocol):
        # paho 2 (Debian 13) wants to be told whose callbacks these are.
        extra = {}
        if PAHO_2:
            extra["callback_api_version"] = paho.CallbackAPIVersion.VERSION2
        self.events = queue.Queue()
        self.client = paho.Client(client_id="", protocol=protocol, **extra)
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._disconnected
        self.fresh = None  # what gives a new password, if anything does

    def _connected(self, _client, _context, _flags, code, *_properties):
        self.events.put(getattr(code, "value", code))

    def _disconnected(self, *_args):
        if self.fresh is not None:
            self.client.username_pw_set(*self.fresh())

    def open(self, port, did, password):
        self.client.username_pw_set(did, password)
        self.client.connect(wk.HOST, port)
        self.client.loop_start()
        return self.code()

    def code(self):
        """The next CONNACK's code; 0 is a login."""
        return self.events.get(timeout=wk.PATIENCE)

    def close(self):
        self.fresh = None
        self.client.disconnect()
        self.client.loop_stop()


class PahoTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.devices = self.registry()
        self.thermo = self.devices.enrol("thermo-1")
        self.server = self.broker(self.devices)

    def paho(self, protocol=paho.MQTTv311):
        client = Paho(protocol)
        self.addCleanup(client.close)
        return client

    def open(self, client, password):
        return client.open(self.server.port, self.thermo.did, password)

    def test_password__let_in_once_then_refused(self):
        for protocol in (paho.MQTTv311, paho.MQTTv5):
            with self.subTest(protocol=protocol):
                password = self.devices.otp(self.thermo)
                self.assertEqual(self.open(self.paho(protocol), password), 0)
                self.assertEqual(self.open(self.paho(protocol), password),
                                 PAHO_REFUSED[protocol])
                self.assertSoon(
                "replay", lambda: self.devices.audit()[-1].get("reason"))

    def test_reconnect__fresh_password_gets_in(self):
        client = self.paho()
        client.fresh = lambda: (self.thermo.did,
                                self.devices.otp(self.thermo))
        self.assertEqual(self.open(client, client.fresh()[1]), 0)
        self.server.restart()
        self.assertEqual(client.code(), 0)

    def test_reconnect__repeated_password_is_refused(self):
        client = self.paho()
        self.assertEqual(self.open(client, self.devices.otp(self.thermo)), 0)
        self.server.restart()
        self.assertEqual(client.code(), PAHO_REFUSED[paho.MQTTv311])


if __name__ == "__main__":
    unittest.main(verbosity=2)

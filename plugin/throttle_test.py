# SPDX-License-Identifier: Apache-2.0
"""A flood of junk from an address: counted, told, and nobody is locked out.
"""

import json
import re
import unittest

import rawmqtt
import wk
import xmsg
from clock import Clock

BURST = 100  # plugin/throttle.h
EVENTS = "whitekey/v1/events/#"


class ThrottleTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.device = xmsg.Device(self.thermo)
        self.clock = Clock(self.folder)
        self.server = self.broker(self.store, under=self.clock.under)

    def connect(self, did, password, source=wk.HOST):
        client = rawmqtt.Client(self.server.port, "c1", source=source)
        self.addCleanup(client.disconnect, polite=False)
        return client, client.connect(did, password).code

    def flood(self, count, did="thermo-1", source=wk.HOST):
        message = self.device.login(1)
        for i in range(count):
            forged = message[:40] + i.to_bytes(4, "big") + message[44:]
            client, code = self.connect(did, xmsg.b64(forged), source)
            self.assertEqual(code, 5)
            client.disconnect(polite=False)

    def count(self, **what):
        return len([e for e in self.store.audit()
                    if what.items() <= e.items()])

    def test_flood__counted_and_the_device_still_gets_in(self):
        self.flood(BURST + 60)
        self.assertSoon(1, lambda: self.count(event="throttle"))
        _, code = self.connect("thermo-1", self.store.otp(self.thermo))
        self.assertEqual(code, 0)
        self.assertSoon(1, lambda: self.count(reason="ok"))
        self.assertLess(self.count(reason="forged"), BURST + 60)
        self.assertGreaterEqual(self.count(reason="forged"), BURST)
        for event in self.store.audit():
            self.assertFits("audit-event", event)

    def test_flood__is_summed_up_after_a_minute(self):
        self.flood(BURST + 60, source="127.0.0.2")
        self.assertSoon(1, lambda: self.count(event="throttle"))
        self.clock.forward(61)
        self.assertSoon(1, lambda: self.count(result="counted"))
        event = [e for e in self.store.audit()
                 if e.get("result") == "counted"][0]
        self.assertFits("audit-event", event)
        self.assertEqual(event["address"], "127.0.0.2")
        self.assertSoon(BURST + 60, lambda:
                        self.count(reason="forged") + event["count"])
        self.server.wait_log(f"{event['count']} more refusals from 127.0.0.2")
        self.flood(1)
        self.server.wait_log("more refusals: see the audit file")

    def test_flood__of_unknown_names_too(self):
        self.flood(BURST + 60, did="nobody")
        self.assertSoon(1, lambda: self.count(event="throttle"))
        self.assertLess(self.count(reason="unknown"), BURST + 60)

    def test_flood__of_key_updates_too(self):
        """By an enrolled device, which could fill the disk with its audit."""
        client, code = self.connect("thermo-1", self.device.password(1))
        self.assertEqual(code, 0)
        topic = "whitekey/v1/thermo-1/x3"
        garbage = (b"x", xmsg.b64(bytes(107)))
        for i in range(BURST + 60):
            client.publish(topic, garbage[i % 2])
        self.assertSoon(1, lambda: self.count(event="throttle"))
        self.assertGreaterEqual(self.count(event="update"), BURST)
        client.publish(topic, xmsg.b64(self.device.update(1)))
        self.assertSoon(1, lambda: self.count(result="taken"))
        self.assertLess(self.count(event="update"), BURST + 60)

    @unittest.skipIf(wk.SANITIZE, "a sanitizer keeps what was freed")
    def test_flood__of_ever_new_names_takes_no_memory(self):
        """Also of challenges, and of ids; what is kept is kept at once."""
        def wave(start):
            for i in range(start, start + 1000):
                client = rawmqtt.Client(self.server.port, f"c{i}", 5)
                name = f"nobody-{i}"
                if i % 2:
                    code = client.connect(name, f"{i}").code
                    self.assertEqual(code, 0x87)
                else:
                    client.challenge("WHITEKEY-CHALLENGE",
                                     bytes([len(name)]) + name.encode())
                client.disconnect(polite=False)
        for start in (0, 1000):
            wave(start)
        before = self.resident()
        for start in (2000, 3000, 4000):
            wave(start)
        self.assertLess(self.resident() - before, 256)

    def resident(self):
        """The broker's memory in kB."""
        path = f"/proc/{self.server.process.pid}/status"
        with open(path, encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def test_flood__alarm_names_the_address(self):
        watch, code = self.connect("watch", self.store.otp(
            self.store.enrol("watch", "--role", "admin")))
        self.assertEqual(code, 0)
        watch.subscribe(EVENTS)
        self.flood(BURST + 60, source="127.0.0.2")
        event = json.loads(watch.wait_message("whitekey/v1/events/-").payload)
        self.assertFits("audit-event", event)
        self.assertEqual((event["event"], event["result"], event["address"]),
                         ("throttle", "begun", "127.0.0.2"))

    def test_flood__other_addresses_are_told_one_by_one(self):
        self.flood(BURST + 60, source="127.0.0.2")
        self.flood(1, did="lost-1")
        self.assertSoon(1, lambda: self.count(d_id="lost-1"))

    def test_flood__copy_from_that_address_is_noticed(self):
        _, code = self.connect("thermo-1", self.device.password(5))
        self.assertEqual(code, 0)
        self.flood(BURST + 60)
        self.device.clock += 30  # made later than the last accepted one
        _, code = self.connect("thermo-1", self.device.password(4))
        self.assertEqual(code, 5)
        self.assertSoon(1, lambda: self.count(reason="clone"))


if __name__ == "__main__":
    wk.main()

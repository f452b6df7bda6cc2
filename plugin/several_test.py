# SPDX-License-Identifier: Apache-2.0
"""per_listener_settings: the broker loads the plugin once for each listener.

Those of one registry are one: what is spent, who is connected, who floods.
Those of two registries know nothing of each other.
"""

import os
import shutil

import rawmqtt
import wk
import xmsg

BURST = 100  # plugin/throttle.h


class SeveralTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")

    def plugin(self, store, port, **more):
        """Lines of one more listener, with the plugin."""
        options = {"registry": store.path, "master_key_file": store.master,
                   "acl": "off", **more}
        return "\n".join([
            f"listener {port} {wk.HOST}", f"plugin {wk.PLUGIN}",
            *(f"plugin_opt_{k} {v}" for k, v in options.items())])

    def start(self, other=None, **more):
        """A broker with two listeners; the second's registry is other."""
        self.second = wk.free_port()
        return self.broker(self.store, per_listener=True, config=self.plugin(
            other or self.store, self.second, **more))

    def connect(self, port, password, client_id="c1", did="thermo-1"):
        client = rawmqtt.Client(port, client_id)
        self.addCleanup(client.disconnect, polite=False)
        return client, client.connect(did, password).code

    def login(self, port, password, client_id="c1"):
        client, code = self.connect(port, password, client_id)
        self.assertEqual(code, 0)
        return client

    def events(self, **what):
        return [e for e in self.store.audit() if what.items() <= e.items()]

    def test_key__of_another_registry_refused_at_the_start(self):
        other = self.registry("other")
        port = wk.free_port()
        broker = wk.Broker(
            self.folder, self.store, per_listener=True, config=self.plugin(
                self.store, port, master_key_file=other.master))
        self.assertNotEqual(broker.spawn().wait(), 0, broker.log())
        self.assertIn("whitekey: " + other.master, broker.log())

    def test_flood__on_two_listeners_is_one(self):
        server = self.start()
        message = xmsg.Device(self.thermo).login(1)
        for i in range(BURST + 40):
            forged = message[:40] + i.to_bytes(4, "big") + message[44:]
            client, code = self.connect(
                (server.port, self.second)[i % 2], xmsg.b64(forged))
            self.assertEqual(code, 5)
            client.disconnect(polite=False)
        self.assertSoon(1, lambda: len(self.events(event="throttle")))
        self.assertLess(len(self.events(reason="forged")), BURST + 40)

    def test_copy__closes_the_session_on_the_other_listener(self):
        server = self.start()
        device = xmsg.Device(self.thermo)
        session = self.login(self.second, device.password(5))
        device.clock += 30  # made later than the last accepted one
        _, code = self.connect(server.port, device.password(4), "copy")
        self.assertEqual(code, 5)
        session.wait_closed()

    def test_store__trouble_is_told_once(self):
        server = self.start()
        self.login(server.port, self.store.otp(self.thermo))
        # Another file in its place: nothing may be written any more.
        shutil.copy2(self.store.path, self.store.path + ".new")
        os.replace(self.store.path + ".new", self.store.path)
        for port in (server.port, self.second):
            self.assertSoon(5, lambda: self.connect(
                port, self.store.otp(self.thermo), "again")[1])
        server.wait_log("the registry cannot be written")
        for port in (server.port, self.second):
            self.connect(port, self.store.otp(self.thermo), "again")
        self.assertEqual(server.log().count("cannot be written"), 1)

    def test_registries__do_not_mix(self):
        other = self.registry("other")
        theirs = wk.Credential("thermo-1", self.folder.path("theirs"))
        other.cli("enrol", "thermo-1", "--out", theirs.path)
        server = self.start(other)
        ours = self.login(server.port, self.store.otp(self.thermo), "ours")
        password = self.store.otp(self.thermo)
        _, code = self.connect(self.second, password, "x")
        self.assertEqual(code, 5)
        neighbour = self.login(self.second, other.otp(theirs), "theirs")
        other.cli("revoke", "thermo-1")
        neighbour.wait_closed()
        self.assertTrue(ours.alive())
        self.login(server.port, password, "ours")


if __name__ == "__main__":
    wk.main()

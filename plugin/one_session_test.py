# SPDX-License-Identifier: Apache-2.0
"""One live session a device: the newer login wins, once it was accepted."""

import rawmqtt
import wk
import xmsg


class OneSessionTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")

    def start(self, **settings):
        self.server = self.broker(self.store, **settings)

    def client(self, client_id, version=4):
        client = rawmqtt.Client(self.server.port, client_id, version)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def login(self, client_id, device=None, **more):
        client = self.client(client_id)
        device = device or self.thermo
        password = self.store.otp(device)
        self.assertEqual(
            client.connect(device.did, password, **more).code, 0)
        return client

    def test_one__older_session_closed(self):
        self.start()
        first = self.login("c1")
        second = self.login("c2")
        first.wait_closed()
        third = self.login("c3")
        second.wait_closed()
        self.assertTrue(third.alive())

    def test_one__enhanced_login_counts_too(self):
        self.start()
        first = self.login("c1")
        second = self.client("c2", version=5)
        data = xmsg.binary("thermo-1", self.store.otp(self.thermo))
        self.assertEqual(
            second.connect(method="WHITEKEY", data=data).code, 0)
        first.wait_closed()
        self.assertTrue(second.alive())

    def test_one__refused_login_closes_nothing(self):
        self.start()
        password = self.store.otp(self.thermo)
        first = self.login("c1")
        for bad in (password, "x", None):
            self.client("c2").connect("thermo-1", bad)
        self.login("probe", self.store.enrol("door-1"))
        self.assertTrue(first.alive())

    def test_one__same_client_id_is_a_takeover(self):
        self.start()
        first = self.login("c1")
        second = self.login("c1")
        first.wait_closed()
        self.login("probe", self.store.enrol("door-1"))
        self.assertTrue(second.alive())

    def test_one__other_devices_stay(self):
        self.start()
        door = self.login("c1", self.store.enrol("door-1"))
        self.login("c2")
        first = self.login("c3")
        self.assertTrue(first.alive())
        self.assertTrue(door.alive())

    def test_one__queue_of_the_older_session_stays(self):
        self.start(options={"acl": "off"})
        door = self.login("door", self.store.enrol("door-1"))
        first = self.login("c1", clean=False)
        first.subscribe("to/thermo")
        second = self.login("c2")
        first.wait_closed()
        door.publish("to/thermo", "kept")
        second.disconnect()
        again = self.login("c1", clean=False)
        self.assertEqual(again.wait_message("to/thermo").payload, b"kept")

    def test_one__on_another_listener(self):
        self.start(per_listener=True, listeners=2)
        first = self.login("c1")
        self.server.port = self.server.ports[1]
        second = self.login("c2")
        # No TICK in 2.0.11: silenced at once, closed at the next event.
        self.login("probe", self.store.enrol("door-1"))
        first.wait_closed()
        self.assertTrue(second.alive())

    def test_many__both_stay(self):
        self.start(options={"sessions": "many"})
        first = self.login("c1")
        second = self.login("c2")
        self.login("probe", self.store.enrol("door-1"))
        self.assertTrue(first.alive())
        self.assertTrue(second.alive())


if __name__ == "__main__":
    wk.main()

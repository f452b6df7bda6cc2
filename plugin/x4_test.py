# SPDX-License-Identifier: Apache-2.0
"""X4 for password logins: on its topic, to that client alone, once."""

import wk
import xmsg
import rawmqtt

TOPIC = "whitekey/v1/thermo-1/x4"


class X4Test(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")

    def start(self, **settings):
        self.server = self.broker(self.store, **settings)

    def login(self, client_id="c1", device=None, version=4, **more):
        """A logged-in client, and its password."""
        device = device or self.thermo
        password = self.store.otp(device)
        client = rawmqtt.Client(self.server.port, client_id, version=version)
        self.addCleanup(client.disconnect, polite=False)
        answer = client.connect(device.did, password, **more)
        self.assertEqual(answer.code, 0, self.server.log())
        return client, password

    def assert_one_x4(self, client, password):
        client.ping()
        client.ping()  # after this one the broker has the acknowledgement
        self.assertEqual([m.topic for m in client.messages], [TOPIC])
        message = client.messages[0]
        self.assertFalse(message.retain)
        x4 = xmsg.X4(xmsg.unb64(message.payload.decode()), self.thermo)
        self.assertEqual((x4.type, x4.status), (4, 1))
        self.assertTrue(x4.answers(password))
        return message

    def assert_none(self, client):
        client.ping()
        client.ping()
        self.assertEqual(client.messages, [])

    def test_x4__subscriber_gets_it_once(self):
        self.start()
        for version in (4, 5):
            client, password = self.login(version=version)
            client.subscribe(TOPIC)
            message = self.assert_one_x4(client, password)
            self.assertEqual(message.qos, 1)
            client.subscribe(TOPIC)
            client.subscribe("#")
            self.assert_one_x4(client, password)
            client.disconnect()

    def test_x4__covering_filters_get_it_once(self):
        self.start()
        for version in (4, 5):
            client, password = self.login(version=version)
            client.subscribe("+/v1/+/x4")
            client.subscribe("#")
            client.subscribe(TOPIC)
            self.assert_one_x4(client, password)
            client.disconnect()

    def test_x4__who_does_not_subscribe_gets_nothing(self):
        self.start()
        client, _ = self.login()
        client.subscribe("sensors/#")
        self.assert_none(client)

    def test_x4__resumed_session_gets_it_without_subscribing(self):
        self.start()
        for version, more in ((4, {}), (5, {"expiry": 600})):
            client, password = self.login(version=version, clean=False, **more)
            client.subscribe(TOPIC)
            self.assert_one_x4(client, password)
            client.disconnect()
            again, password = self.login(version=version, clean=False, **more)
            self.assert_one_x4(again, password)
            again.disconnect()

    def test_x4__resumed_session_without_the_subscription_gets_nothing(self):
        self.start()
        client, _ = self.login(clean=False)
        client.subscribe("sensors/#")
        client.disconnect()
        again, _ = self.login(clean=False)
        self.assert_none(again)

    def test_x4__session_taken_over_gets_the_new_one(self):
        self.start()
        first, password = self.login(clean=False)
        first.subscribe(TOPIC)
        self.assert_one_x4(first, password)
        second, password = self.login(clean=False)
        self.assert_one_x4(second, password)

    def test_x4__session_restored_by_a_restarted_broker_gets_it(self):
        folder = self.folder.path("")
        self.start(config=f"persistence true\npersistence_location {folder}")
        client, password = self.login(clean=False)
        client.subscribe(TOPIC)
        self.assert_one_x4(client, password)
        client.disconnect()
        self.server.restart()
        again, password = self.login(clean=False)
        self.assert_one_x4(again, password)

    def test_x4__other_session_of_the_device_does_not_get_it(self):
        self.start(options={"sessions": "many"})
        first, password = self.login("c1")
        first.subscribe(TOPIC)
        self.assert_one_x4(first, password)
        second, password = self.login("c2")
        second.subscribe(TOPIC)
        self.assert_one_x4(second, password)
        first.ping()
        self.assertEqual(len(first.messages), 1)

    def test_x4__other_device_does_not_get_it(self):
        self.start()
        door, _ = self.login("c2", self.store.enrol("door-1"))
        door.subscribe("#")
        door.ping()
        door.messages.clear()
        client, password = self.login()
        client.subscribe(TOPIC)
        self.assert_one_x4(client, password)
        self.assert_none(door)

    def test_x4__enhanced_login_gets_it_in_connack_alone(self):
        self.start()
        client = rawmqtt.Client(self.server.port, "c1", version=5)
        data = xmsg.binary("thermo-1", self.store.otp(self.thermo))
        answer = client.connect(method="WHITEKEY", data=data)
        self.assertIsNotNone(answer.auth_data)
        client.subscribe(TOPIC)
        self.assert_none(client)
        client.disconnect()

    def test_x4__undelivered_one_of_an_earlier_login_is_not_lost(self):
        self.start(config="max_inflight_messages 1")
        client, _ = self.login(clean=False)
        client.acknowledge = False
        client.subscribe(TOPIC)
        client.ping()
        client.disconnect(polite=False)
        again, password = self.login(clean=False)
        again.ping()
        again.ping()
        payloads = [m.payload for m in again.messages]
        self.assertEqual(len(payloads), 2)
        self.assertEqual(payloads[0], client.messages[0].payload)
        x4 = xmsg.X4(xmsg.unb64(payloads[1].decode()), self.thermo)
        self.assertTrue(x4.answers(password))

    def test_x4__resumed_with_per_listener_settings(self):
        self.start(per_listener=True, listeners=2)
        client, password = self.login(clean=False)
        client.subscribe(TOPIC)
        self.assert_one_x4(client, password)
        client.disconnect()
        again, password = self.login(clean=False)
        self.assert_one_x4(again, password)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""Who may use the topics under whitekey/, and the broker's other rules."""

import rawmqtt
import wk

FAILURE, NOT_AUTHORIZED = 0x80, 0x87


class TopicsTest(rawmqtt.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.door = self.store.enrol("door-1")

    def test_topics__trespass_refused(self):
        client = self.login(self.broker(self.store), self.thermo)
        for topic in ("whitekey/v1/door-1/x4", "whitekey/v1/door-1/x3",
                      "whitekey/v1/thermo-1/x3", "whitekey/#", "whitekey/+",
                      "whitekey/v1/+/x4", "whitekey/v1/#",
                      "$share/g/whitekey/v1/door-1/x4",
                      "$share/g/whitekey/#"):
            self.assertEqual(client.subscribe(topic), NOT_AUTHORIZED, topic)
        for topic in ("whitekey/v1/thermo-1/x4", "whitekey/v1/door-1/x3",
                      "whitekey/v1/events/thermo-1", "whitekey/x"):
            self.assertEqual(client.publish(topic, "x"), NOT_AUTHORIZED)

    def test_topics__own_allowed(self):
        client = self.login(self.broker(self.store), self.thermo)
        self.assertEqual(client.subscribe("whitekey/v1/thermo-1/x4"), 1)

    def test_topics__refusal_in_3_1_1(self):
        client = self.login(self.broker(self.store), self.thermo, 4)
        self.assertEqual(client.subscribe("whitekey/v1/door-1/x4"), FAILURE)
        self.assertEqual(client.subscribe("whitekey/v1/thermo-1/x4"), 1)

    def test_topics__wildcard_reader_sees_no_x3(self):
        broker = self.broker(self.store)
        thermo, door = (self.login(broker, d) for d in
                        (self.thermo, self.door))
        door.subscribe("#")
        door.ping()
        door.messages.clear()
        thermo.publish("whitekey/v1/thermo-1/x3", "sealed")
        thermo.publish("sensors/1", "21")
        door.ping()
        self.assertEqual([m.topic for m in door.messages], ["sensors/1"])

    def test_topics__all_else_allowed_without_acl_file(self):
        client = self.login(self.broker(self.store), self.thermo)
        self.assertEqual(client.subscribe("a/b"), 1)
        client.publish("a/b", "x")
        client.ping()
        self.assertEqual([m.topic for m in client.messages], ["a/b"])

    def test_topics__acl_file_decides_before_and_after_a_reload(self):
        acl = self.folder.write("acl", "pattern readwrite own/%u\n")
        broker = self.broker(self.store, config=f"acl_file {acl}")
        client = self.login(broker, self.thermo)
        for _ in range(3):
            self.assertLess(client.publish("own/thermo-1", "x"), 0x80)
            self.assertEqual(client.publish("a/b", "x"), NOT_AUTHORIZED)
            broker.reload()
            client.ping()

    def test_topics__empty_acl_file_still_denies(self):
        acl = self.folder.write("acl", "# nothing\n")
        broker = self.broker(self.store, config=f"acl_file {acl}")
        client = self.login(broker, self.thermo)
        self.assertEqual(client.publish("a/b", "x"), NOT_AUTHORIZED)
        self.assertEqual(client.subscribe("whitekey/v1/thermo-1/x4"), 1)
        client.ping()
        self.assertEqual(len(client.messages), 1)

    def test_topics__no_alarms_without_acl_file(self):
        client = self.login(self.broker(self.store), self.thermo)
        code = client.subscribe("whitekey/v1/events/#")
        self.assertEqual(code, NOT_AUTHORIZED)


if __name__ == "__main__":
    wk.main()

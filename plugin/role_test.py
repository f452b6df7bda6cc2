# SPDX-License-Identifier: Apache-2.0
"""Roles decide who publishes, subscribes to and receives what."""

import rawmqtt
import wk

NOT_AUTHORIZED = 0x87


class RoleTest(rawmqtt.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.door = self.store.enrol("door-1")

    def start(self, acl=None, **settings):
        return self.broker(self.store, options={"acl": acl}, **settings)

    def may_publish(self, client, topic):
        return client.publish(topic, "x") != NOT_AUTHORIZED

    def may_subscribe(self, client, topic):
        return client.subscribe(topic) != NOT_AUTHORIZED

    def until(self, event):
        """A ping lets the broker work, and take in what changed."""
        for _ in range(10000):
            if event():
                return
            self.client.ping()
        self.fail("the role did not change")

    def test_role__device_by_default(self):
        client = self.login(self.start(), self.thermo)
        for topic in ("sensors/thermo-1/t", "sensors/thermo-1"):
            self.assertTrue(self.may_publish(client, topic), topic)
        for topic in ("sensors/door-1/t", "commands/thermo-1/x", "a/b",
                      "sensors/thermo-10/t", "$SYS/x"):
            self.assertFalse(self.may_publish(client, topic), topic)
        for topic in ("commands/thermo-1/#", "commands/thermo-1/on",
                      "$share/g/commands/thermo-1/+"):
            self.assertTrue(self.may_subscribe(client, topic), topic)
        for topic in ("#", "+/thermo-1/#", "commands/#", "commands/+/on",
                      "sensors/thermo-1/t", "$share/g/#", "$SYS/#",
                      "$share/g/commands/door-1/x", "commands/door-1/#"):
            self.assertFalse(self.may_subscribe(client, topic), topic)

    def test_role__command_reaches_its_device_alone(self):
        self.store.cli("role", "set", "boss", "--publish", "commands/#")
        boss = self.store.enrol("boss", "--role", "boss")
        broker = self.start()
        thermo, door, boss = (self.login(broker, d)
                              for d in (self.thermo, self.door, boss))
        for client, did in ((thermo, "thermo-1"), (door, "door-1")):
            self.assertTrue(self.may_subscribe(client, f"commands/{did}/#"))
        self.assertTrue(self.may_publish(boss, "commands/door-1/open"))
        for client in (thermo, door):
            client.ping()
        self.assertEqual([m.topic for m in door.messages],
                         ["commands/door-1/open"])
        self.assertEqual(thermo.messages, [])

    def test_role__change_reaches_open_sessions(self):
        self.client = self.login(self.start(), self.thermo)
        self.assertFalse(self.may_publish(self.client, "lamps/1"))
        self.store.cli("role", "set", "lamp", "--publish", "lamps/#")
        self.store.cli("set-role", "thermo-1", "lamp")
        self.until(lambda: self.may_publish(self.client, "lamps/1"))
        self.assertFalse(self.may_publish(self.client, "sensors/thermo-1/t"))
        self.store.cli("role", "set", "lamp", "--subscribe", "lamps/#")
        self.until(lambda: not self.may_publish(self.client, "lamps/1"))

    def test_role__lost_right_stops_a_subscription(self):
        broker = self.start()
        self.client = self.login(broker, self.thermo)
        self.assertTrue(self.may_subscribe(self.client, "commands/thermo-1/#"))
        self.store.cli("role", "set", "boss", "--publish", "commands/#")
        boss = self.login(broker, self.store.enrol("boss", "--role", "boss"))
        boss.publish("commands/thermo-1/1", "x")
        self.store.cli("role", "set", "mute", "--publish", "still/mine")
        self.store.cli("set-role", "thermo-1", "mute")
        self.until(lambda: self.may_publish(self.client, "still/mine"))
        boss.publish("commands/thermo-1/2", "x")
        self.client.ping()
        self.assertEqual([m.topic for m in self.client.messages],
                         ["commands/thermo-1/1"])

    def test_role__client_id_reaches_no_further_than_its_level(self):
        self.store.cli("role", "set", "device", "--publish", "by/%c/#",
                       "--subscribe", "by/%c/#")
        broker = self.start()
        client = self.login(broker, self.thermo, client_id="good")
        self.assertTrue(self.may_publish(client, "by/good/x"))
        self.assertTrue(self.may_subscribe(client, "by/good/#"))
        for trick, topic in (("+", "by/+/x"), ("#", "by/#"),
                             ("good/x", "by/good/x/y")):
            client = self.login(broker, self.thermo, client_id=trick)
            self.assertFalse(self.may_subscribe(client, topic), trick)

    def test_role__narrows_an_acl_file_and_never_widens_it(self):
        acl = self.folder.write(
            "acl", "pattern readwrite sensors/%u/in\npattern readwrite b\n")
        broker = self.start(config=f"acl_file {acl}")
        client = self.login(broker, self.thermo)
        for _ in range(2):
            self.assertTrue(self.may_publish(client, "sensors/thermo-1/in"))
            self.assertFalse(self.may_publish(client, "sensors/thermo-1/out"))
            self.assertFalse(self.may_publish(client, "b"))
            broker.reload()
            client.ping()

    def test_role__off_leaves_topics_to_the_acl_file(self):
        acl = self.folder.write("acl", "pattern readwrite b\n")
        client = self.login(self.start("off", config=f"acl_file {acl}"),
                            self.thermo)
        self.assertTrue(self.may_publish(client, "b"))
        self.assertFalse(self.may_publish(client, "sensors/thermo-1/in"))

    def test_role__own_topics_guarded_also_when_off(self):
        acl = self.folder.write("acl", "pattern readwrite #\n"
                                "pattern readwrite $CONTROL/#\n")
        client = self.login(self.start("off", config=f"acl_file {acl}"),
                            self.thermo)
        for topic in ("whitekey/x", "$CONTROL/whitekey/v1",
                      "whitekey/v1/door-1/x3"):
            self.assertFalse(self.may_publish(client, topic), topic)
        for topic in ("whitekey/#", "$CONTROL/whitekey/#",
                      "$CONTROL/whitekey/v1/response"):
            self.assertFalse(self.may_subscribe(client, topic), topic)

    def test_role__admin_hears_alarms_and_others_do_not(self):
        owner = self.store.enrol("owner", "--role", "admin")
        broker = self.start()
        client = self.login(broker, owner)
        self.assertTrue(self.may_subscribe(client, "whitekey/v1/events/#"))
        self.assertTrue(self.may_subscribe(client, "$CONTROL/whitekey/#"))
        self.assertFalse(self.may_publish(client, "whitekey/v1/events/x"))
        client = self.login(broker, self.thermo)
        self.assertFalse(self.may_subscribe(client, "whitekey/v1/events/#"))

    def test_role__of_nobody_it_knows_is_left_to_others(self):
        broker = self.start(config="allow_anonymous true")
        client = rawmqtt.Client(broker.port, "guest", 5)
        self.addCleanup(client.disconnect, polite=False)
        self.assertEqual(client.connect(None, None).code, 0)
        self.assertTrue(self.may_publish(client, "a/b"))
        self.assertFalse(self.may_publish(client, "whitekey/x"))

    def test_role__queue_of_an_absent_device_follows_its_role(self):
        self.store.cli("role", "set", "boss", "--publish", "commands/#")
        boss = self.store.enrol("boss", "--role", "boss")
        broker = self.start()
        client = self.login(broker, self.thermo, clean=False)
        self.assertTrue(self.may_subscribe(client, "commands/thermo-1/#"))
        client.disconnect()
        self.client = self.login(broker, boss)
        self.client.publish("commands/thermo-1/1", "x")
        self.store.cli("role", "set", "mute", "--publish", "nothing")
        self.store.cli("set-role", "thermo-1", "mute")
        self.store.cli("set-role", "boss", "mute")
        self.until(lambda: self.may_publish(self.client, "nothing"))
        self.store.cli("set-role", "boss", "boss")
        self.until(lambda: self.may_publish(self.client,
                                            "commands/thermo-1/2"))
        client = self.login(broker, self.thermo, clean=False)
        client.ping()
        self.assertNotIn("commands/thermo-1/2",
                         [m.topic for m in client.messages])


if __name__ == "__main__":
    wk.main()

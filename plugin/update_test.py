# SPDX-License-Identifier: Apache-2.0
"""Key updates: X3 on the device's topic, X4 back to that session alone."""

import os
import unittest

import rawmqtt
import wk
import xmsg

X3_TOPIC = "whitekey/v1/thermo-1/x3"
X4_TOPIC = "whitekey/v1/thermo-1/x4"
SUCCESS, NO_SUBSCRIBERS, NOT_AUTHORIZED = 0, 0x10, 0x87
ACCEPTED, PENDING, SWITCHED, REFUSED = 1, 2, 3, 4


class Case(wk.TestCase):
    user = ()

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1", *self.user)
        self.device = xmsg.Device(self.thermo)
        self.server = self.broker(self.store)

    def login(self, *args, version=5, client_id="c1", subscribe=True,
              **more):
        client = rawmqtt.Client(self.server.port, client_id, version=version)
        self.addCleanup(client.disconnect, polite=False)
        password = self.device.password(*args, **more)
        answer = client.connect("thermo-1", password)
        self.assertEqual(answer.code, 0, self.server.log())
        if subscribe:
            client.subscribe(X4_TOPIC)
            for _ in "CD" if "user" in more else "C":
                self.assertIn(self.x4(client).status, (1, 2, 3))
        return client

    def x4(self, client):
        message = client.wait_message(X4_TOPIC)
        self.assertEqual((message.qos, message.retain), (1, False))
        return xmsg.X4(xmsg.unb64(message.payload.decode()), self.thermo)

    def send(self, client, x3, topic=X3_TOPIC, **more):
        return client.publish(topic, xmsg.b64(x3), **more)

    def results(self):
        return [e["result"] for e in self.store.audit()
                if e["event"] == "update"]


class UpdateTest(Case):
    def test_update__taken_vouched_for_and_switched_to(self):
        for version in (4, 5):
            base = version - 4  # one update per version
            last = 10 * base
            client = self.login(last + 1, epoch=base, version=version)
            x3 = self.device.update(last + 1, epoch=base)
            self.assertIn(self.send(client, x3), (SUCCESS, NO_SUBSCRIBERS))
            x4 = self.x4(client)
            self.assertTrue(x4.is_about(x3))
            self.assertEqual((x4.status, x4.role), (PENDING, ord("C")))
            client.disconnect()
            self.login(last + 2, epoch=base, version=version).disconnect()
            client = self.login(last + 4, epoch=base + 1, version=version,
                                subscribe=False)
            client.subscribe(X4_TOPIC)
            x4 = self.x4(client)
            self.assertEqual((x4.status, x4.epoch), (SWITCHED, base + 1))
            client.disconnect()
            self.assertSoon(["taken"] * (base + 1), self.results)
        for event in self.store.audit():
            self.assertFits("audit-event", event)

    def test_update__second_of_a_session_refused_and_answered(self):
        client = self.login(1)
        self.send(client, self.device.update(1))
        self.assertEqual(self.x4(client).status, PENDING)
        second = self.device.update(1)
        self.send(client, second)
        x4 = self.x4(client)
        self.assertEqual(x4.status, REFUSED)
        self.assertTrue(x4.is_about(second))
        self.assertSoon(["taken", "refused"], self.results)
        for event in self.store.audit():
            self.assertFits("audit-event", event)

    def test_update__wrong_vouch_dropped_with_an_alarm(self):
        client = self.login(1)
        self.send(client, self.device.update(1, vouch=os.urandom(32)))
        self.assertEqual(self.x4(client).status, PENDING)
        client.disconnect()
        self.login(2)
        self.assertSoon(["vouch"], lambda: [
            alarm for event in self.store.audit()
            for alarm in event.get("alarms", ())])

    def test_update__what_is_no_x3_of_the_device_gets_no_answer(self):
        client = self.login(1)
        good = self.device.update(1)
        door = xmsg.Device(self.store.enrol("door-1"))
        for bad in (b"", b"x", good[:-1], good + b"\0",
                    good[:60] + bytes([good[60] ^ 1]) + good[61:],
                    door.update(1), self.device.login(2)):
            self.assertEqual(self.send(client, bad), NOT_AUTHORIZED)
        client.ping()
        self.assertEqual(client.messages, [])
        self.assertSoon(2, lambda: self.results().count("forged"))
        self.assertEqual(self.results().count("malformed"), 5)
        self.send(client, good)
        self.assertEqual(self.x4(client).status, PENDING)

    def test_update__of_another_device_or_nobody_refused(self):
        door = self.store.enrol("door-1")
        other = rawmqtt.Client(self.server.port, "c2", version=5)
        self.addCleanup(other.disconnect, polite=False)
        other.connect("door-1", self.store.otp(door))
        client = self.login(1)
        x3 = self.device.update(1)
        self.assertEqual(self.send(other, x3), NOT_AUTHORIZED)
        self.assertEqual(self.results(), [])
        self.send(client, x3)
        self.assertEqual(self.x4(client).status, PENDING)

    @unittest.skipIf(wk.SANITIZE == "thread",
                     "ThreadSanitizer dies of the bridge's getaddrinfo_a()")
    def test_update__goes_to_nobody_and_is_not_kept(self):
        """Nobody may read the topic, but a bridge is not asked."""
        away = self.broker()
        self.server.stop()  # one broker serves a registry
        self.server = self.broker(self.store, options={"acl": "off"}, config=(
            f"connection away\naddress {wk.HOST}:{away.port}\n"
            "topic # out 1"))
        watch = rawmqtt.Client(away.port, "watch")
        self.addCleanup(watch.disconnect, polite=False)
        watch.connect()
        watch.subscribe("#")
        away.wait_log("New client connected")
        client = self.login(1)
        client.subscribe("#")
        self.send(client, self.device.update(1), retain=True)
        self.x4(client)
        crossed = watch.wait_message(X3_TOPIC)
        self.assertEqual((crossed.payload, crossed.retain), (b"", False))
        client.ping()
        self.assertEqual(client.messages, [])

    def test_update__x4_waits_for_the_subscription(self):
        client = self.login(1, subscribe=False)
        self.send(client, self.device.update(1))
        client.ping()
        self.assertEqual(client.messages, [])
        client.subscribe(X4_TOPIC)
        self.assertEqual([self.x4(client).status for _ in range(2)],
                         [ACCEPTED, PENDING])
        client.subscribe(X4_TOPIC)
        client.ping()
        self.assertEqual(client.messages, [])

    def test_update__with_qos_0_and_2(self):
        for index, qos in ((1, 0), (2, 2)):
            client = self.login(index)
            self.send(client, self.device.update(index), qos=qos)
            self.assertEqual(self.x4(client).status, PENDING)
            client.disconnect()

    def test_update__works_after_an_enhanced_login(self):
        client = rawmqtt.Client(self.server.port, "c1", version=5)
        self.addCleanup(client.disconnect, polite=False)
        data = b"\x08thermo-1" + self.device.login(1)
        client.connect(method="WHITEKEY", data=data)
        client.subscribe(X4_TOPIC)
        self.send(client, self.device.update(1))
        self.assertEqual(self.x4(client).status, PENDING)


class UserUpdateTest(Case):
    """The user's chain, where a device has one."""

    user = ("--user",)

    def update(self, client, index, role, epoch=0):
        self.send(client, self.device.update(index, role, epoch))
        x4 = self.x4(client)
        self.assertEqual((x4.status, chr(x4.role)), (PENDING, role))

    def test_user__both_chains_switch_and_both_are_told(self):
        client = self.login(1, user=1)
        self.update(client, 1, "C")
        self.update(client, 1, "D")
        client.disconnect()
        self.login(2, user=2).disconnect()
        client = self.login(1, epoch=1, user=1, user_epoch=1,
                            subscribe=False)
        client.subscribe(X4_TOPIC)
        told = [self.x4(client) for _ in range(2)]
        self.assertEqual([(chr(x4.role), x4.status) for x4 in told],
                         [("C", SWITCHED), ("D", SWITCHED)])

    def test_user__lost_update_is_told_too(self):
        client = self.login(1, user=1, subscribe=False)
        client.subscribe(X4_TOPIC)
        told = [self.x4(client) for _ in range(2)]
        self.assertEqual([(chr(x4.role), x4.status) for x4 in told],
                         [("C", ACCEPTED), ("D", ACCEPTED)])

    def test_user__switch_of_an_enhanced_login_is_told_on_the_topic(self):
        client = self.login(1, user=1)
        self.update(client, 1, "D")
        client.disconnect()
        self.login(2, user=2).disconnect()
        client = rawmqtt.Client(self.server.port, "c1", version=5)
        self.addCleanup(client.disconnect, polite=False)
        data = self.device.login(3, user=1, user_epoch=1)
        answer = client.connect(method="WHITEKEY", data=b"\x08thermo-1" + data)
        x4 = xmsg.X4(answer.auth_data, self.thermo)
        self.assertEqual((chr(x4.role), x4.status), ("C", ACCEPTED))
        client.subscribe(X4_TOPIC)
        x4 = self.x4(client)
        self.assertEqual((chr(x4.role), x4.status), ("D", SWITCHED))

    def test_user__chain_that_the_device_has_not_refused(self):
        # Of a device without a user: its D is another device's.
        door = self.store.enrol("door-1")
        device = xmsg.Device(door)
        device.chains["D", 0] = os.urandom(32), 256
        client = rawmqtt.Client(self.server.port, "c2", version=5)
        self.addCleanup(client.disconnect, polite=False)
        client.connect("door-1", device.password(1))
        client.publish("whitekey/v1/door-1/x3",
                       xmsg.b64(device.update(1, "D")))
        self.assertSoon(["refused"], self.results)


if __name__ == "__main__":
    wk.main()

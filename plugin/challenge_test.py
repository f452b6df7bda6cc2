# SPDX-License-Identifier: Apache-2.0
"""Enhanced authentication WHITEKEY-CHALLENGE: two steps, protocol section 5.
"""

import rawmqtt
import wk
import xmsg
from clock import Clock

METHOD = "WHITEKEY-CHALLENGE"
NOT_AUTHORIZED = 0x87
NAME = b"\x08thermo-1"


class ChallengeTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.device = xmsg.Device(self.thermo)

    def start(self, **settings):
        self.server = self.broker(self.store, **settings)

    def client(self, client_id="c1"):
        client = rawmqtt.Client(self.server.port, client_id, version=5)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def begin(self, client_id="c1", data=NAME, **more):
        """A client, and its challenge."""
        client = self.client(client_id)
        challenge = client.challenge(METHOD, data, **more)
        self.assertIsInstance(challenge, bytes, self.server.log())
        self.assertEqual(len(challenge), 16)
        return client, challenge

    def login(self, index, client_id="c1", **more):
        client, challenge = self.begin(client_id, **more)
        message = self.device.login(index, challenge=challenge)
        answer = client.answer(METHOD, message)
        self.assertEqual(answer.code, 0, self.server.log())
        return client, answer, message, challenge

    def refused(self, client, message):
        self.assertEqual(client.answer(METHOD, message).code, NOT_AUTHORIZED)

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def test_challenge__answered_lets_in_and_proves_the_server(self):
        self.start()
        client, answer, message, challenge = self.login(1)
        x4 = xmsg.X4(answer.auth_data, self.thermo, challenge)
        self.assertEqual((x4.type, x4.status), (4, 1))
        self.assertTrue(x4.is_about(message))
        self.assertTrue(client.alive())
        self.assertEqual(client.publish("sensors/thermo-1/x", "1"), 0x10)
        self.assertSoon(["ok"], self.reasons)
        for event in self.store.audit():
            self.assertFits("audit-event", event)

    def test_challenge__x4_does_not_open_without_it(self):
        self.start()
        _, answer, _, _ = self.login(1)
        with self.assertRaises(Exception):
            xmsg.X4(answer.auth_data, self.thermo)

    def answer_after(self, seconds):
        clock = Clock(self.folder)
        self.start(under=clock.under)
        client, challenge = self.begin()
        clock.forward(seconds)
        return client, self.device.login(1, challenge=challenge)

    def test_challenge__answered_in_the_last_second_lets_in(self):
        client, message = self.answer_after(28)
        self.assertEqual(client.answer(METHOD, message).code, 0)
        self.assertSoon(["ok"], self.reasons)
        self.assertNotIn("late", self.store.audit()[-1])

    def test_challenge__answered_too_late_refused_and_told(self):
        client, message = self.answer_after(30)
        self.refused(client, message)
        self.assertSoon(["forged"], self.reasons)
        event = self.store.audit()[-1]
        self.assertFits("audit-event", event)
        self.assertEqual((event["d_id"], event["late"]), ("thermo-1", True))
        self.server.wait_log("refused device thermo-1.*: forged, late")
        self.assertIn("answered late",
                      self.store.cli("audit").stdout.splitlines()[-1])
        self.login(1)  # that message was spent nowhere

    def test_challenge__user_takes_part(self):
        lock = self.store.enrol("lock-1", "--user")
        device = xmsg.Device(lock)
        self.start()
        client, challenge = self.begin(data=b"\x06lock-1")
        message = device.login(1, user=1, challenge=challenge)
        self.assertEqual(client.answer(METHOD, message).code, 0)
        client, challenge = self.begin(data=b"\x06lock-1")
        self.refused(client, device.login(2, challenge=challenge))
        self.assertSoon(["ok", "user-required"], self.reasons)

    def test_challenge__message_without_or_for_another_refused(self):
        self.start()
        client, _ = self.begin()
        self.refused(client, self.device.login(1))
        client, challenge = self.begin()
        other, _ = self.begin("c2")
        self.refused(other, self.device.login(2, challenge=challenge))
        self.assertSoon(["forged"] * 2, self.reasons)
        self.login(3)

    def test_challenge__message_is_worth_nothing_as_a_password(self):
        self.start()
        _, challenge = self.begin()
        message = self.device.login(1, challenge=challenge)
        for method, data in (("WHITEKEY", NAME + message), (None, None)):
            client = self.client("c2")
            answer = client.connect(
                *(() if method else ("thermo-1", xmsg.b64(message))),
                method=method, data=data)
            self.assertEqual(answer.code, NOT_AUTHORIZED)

    def test_challenge__serves_one_message(self):
        self.start()
        client, challenge = self.begin()
        self.refused(client, b"")
        with self.assertRaises((rawmqtt.Closed, OSError)):
            client.answer(METHOD, self.device.login(1, challenge=challenge))
        self.login(2)

    def test_challenge__malformed_answers_refused(self):
        self.start()
        for cut in (0, 1, 69, 71, 155):
            client, challenge = self.begin()
            message = self.device.login(1, challenge=challenge)
            self.refused(client, (message + bytes(90))[:cut])
        client, challenge = self.begin()
        client.auth(METHOD)  # without data
        client.wait(rawmqtt.CONNACK)
        self.assertSoon({"malformed", "user-unknown"},
                        lambda: set(self.reasons()) - {"forged"}
                        | {"user-unknown"})

    def test_challenge__unknown_and_revoked_names_get_one_too(self):
        self.store.enrol("gone")
        self.store.cli("revoke", "gone")
        self.start()
        for data in (b"\x06nobody", b"\x04gone"):
            client, challenge = self.begin(data=data)
            self.refused(client, self.device.login(1, challenge=challenge))
        self.assertSoon(["unknown"] * 2, self.reasons)

    def test_challenge__connect_that_names_no_device_refused(self):
        self.start()
        first = NAME + self.device.login(1)
        for data in (None, b"", b"\x00", b"\x09thermo-1", b"\x07thermo-1",
                     b"\x02a/", first):
            answer = self.client().challenge(METHOD, data)
            self.assertEqual(answer.code, NOT_AUTHORIZED)
        answer = self.client().challenge(METHOD, NAME, username="door-1")
        self.assertEqual(answer.code, NOT_AUTHORIZED)
        self.assertSoon(["malformed"] * 8, self.reasons)
        self.login(1, username="thermo-1")

    def test_challenge__copy_is_noticed_by_it(self):
        self.start()
        self.login(5)
        client, challenge = self.begin("c2")
        self.refused(client, self.device.login(4, challenge=challenge))
        self.assertSoon(["ok", "clone"], self.reasons)
        self.assertEqual(self.store.audit()[-1]["evidence"], "challenge")
        self.assertIn("quarantined", self.store.cli("show", "thermo-1").stdout)

    def test_challenge__quarantines_where_a_clock_does_not(self):
        self.start(options={"on_clone": "by-challenge"})
        self.login(5)
        self.device.clock += 30  # made later than the last accepted one
        answer = self.client("c2").connect(
            "thermo-1", self.device.password(4))
        self.assertEqual(answer.code, NOT_AUTHORIZED)
        self.assertSoon(["ok", "clone"], self.reasons)
        self.assertIn("enabled", self.store.cli("show", "thermo-1").stdout)
        client, challenge = self.begin("c2")
        self.refused(client, self.device.login(3, challenge=challenge))
        self.assertIn("quarantined", self.store.cli("show", "thermo-1").stdout)

    def test_challenge__live_session_may_not_authenticate_again(self):
        self.start()
        client, _, _, challenge = self.login(1)
        client.auth(METHOD, self.device.login(2, challenge=challenge), 0x19)
        client.wait_closed()
        self.assertSoon(["ok"], self.reasons)

    def test_challenge__stays_over_a_reload(self):
        self.start()
        client, _, _, _ = self.login(1)
        half, challenge = self.begin("c2")
        self.server.reload()
        self.assertTrue(client.alive())
        message = self.device.login(2, challenge=challenge)
        self.assertEqual(half.answer(METHOD, message).code, 0)

    def test_challenge__with_per_listener_settings(self):
        self.start(per_listener=True, listeners=2)
        self.login(1)

    def test_half_open__may_do_nothing(self):
        self.start(options={"acl": "off"})
        watch, _, _, _ = self.login(1)
        watch.subscribe("#")
        for act in (lambda c: c.subscribe("a"), lambda c: c.publish("a", "x"),
                    lambda c: c.ping()):
            client, _ = self.begin("c2")
            try:
                act(client)
            except (rawmqtt.Closed, OSError):
                pass
        watch.ping()
        self.assertEqual(watch.messages, [])

    def test_half_open__will_of_a_stranger_is_not_published(self):
        """The broker would: it knows the will, and no login."""
        self.start(options={"acl": "off"})
        watch, _, _, _ = self.login(1)
        watch.subscribe("#")
        for more in ({}, {"username": "thermo-1"}, {"username": "nobody",
                                                    "data": b"\x06nobody"}):
            client, _ = self.begin("c2", will=("sensors/thermo-1/x", "evil"),
                                   **more)
            mark = self.server.mark()
            client.disconnect(polite=False)
            self.server.wait_log("c2 .*(disconnect|closed)", mark)
        watch.ping()
        watch.ping()
        self.assertEqual(watch.messages, [])

    def test_half_open__delayed_will_of_a_stranger_is_not_published(self):
        """Decided later, and in order: a device's own comes behind it."""
        door = xmsg.Device(self.store.enrol("door-1"))
        self.start(options={"acl": "off"})
        watch, _, _, _ = self.login(1)
        watch.subscribe("#")
        for expiry in (0, 5):
            client, _ = self.begin("c2", will=("a", "evil"), will_delay=1,
                                   username="thermo-1", expiry=expiry)
            mark = self.server.mark()
            client.disconnect(polite=False)
            self.server.wait_log("c2 .*(disconnect|closed)", mark)
            good = self.client("c3")
            self.assertEqual(good.connect(
                "door-1", door.password(expiry + 1), will=("a", "good"),
                will_delay=1, expiry=expiry).code, 0)
            good.disconnect(polite=False)
            self.assertEqual(watch.wait_message("a").payload, b"good")
        watch.ping()
        watch.ping()
        self.assertEqual(watch.messages, [])

    def test_half_open__its_name_lets_nobody_in(self):
        self.start(options={"acl": "off"})
        for password in (None, "", self.device.password(1)):
            answer = self.client().connect("#half-open", password)
            self.assertEqual(answer.code, NOT_AUTHORIZED)
        answer = self.client().challenge(METHOD, NAME, username="#half-open")
        self.assertEqual(answer.code, NOT_AUTHORIZED)
        self.assertIn("#half-open", self.store.cli(
            "enrol", "#half-open", "--out", self.folder.path("x"),
            check=None).stderr)

    def test_half_open__vanishing_under_a_live_id_shields_nobody(self):
        """2.0.11 forgets the client id of a live session then."""
        self.start()
        victim, _, _, _ = self.login(1, "shared")
        stranger, _ = self.begin("shared", data=b"\x06nobody")
        mark = self.server.mark()
        stranger.disconnect(polite=False)
        self.server.wait_log("shared .*(disconnect|closed)", mark)
        self.assertTrue(victim.alive())
        self.store.cli("revoke", "thermo-1")
        victim.wait_closed()


if __name__ == "__main__":
    wk.main()

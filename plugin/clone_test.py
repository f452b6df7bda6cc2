# SPDX-License-Identifier: Apache-2.0
"""A copied credential: noticed, quarantined, thrown out, and told of."""

import json
import time

import rawmqtt
import wk

REFUSED = 5
EVENTS = "whitekey/v1/events/#"


class CloneTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.watch = self.store.enrol("watch")
        self.acl = self.folder.write(
            "acl", "pattern readwrite a/%u\n"
            f"user watch\ntopic read {EVENTS}\n")

    def start(self, **settings):
        self.server = self.broker(
            self.store, config=f"acl_file {self.acl}", **settings)

    def login(self, device, client_id, clean=True):
        client = rawmqtt.Client(self.server.port, client_id)
        self.addCleanup(client.disconnect, polite=False)
        password = self.store.otp(device)
        code = client.connect(device.did, password, clean=clean).code
        return client, code

    def state(self):
        return self.store.cli("show", "thermo-1").stdout

    def one_login(self, password):
        client = rawmqtt.Client(self.server.port, "first")
        self.assertEqual(client.connect("thermo-1", password).code, 0)
        client.disconnect()

    def copy_and_use(self):
        """The original, logged in, and what the copy's login gave."""
        thief = self.thermo.copy(self.folder.path("thief"))
        original, code = self.login(self.thermo, "original")
        self.assertEqual(code, 0)
        # Proven fresh is only what was made in a later second, by a clock
        # that may be a kernel's tick behind ours.
        while time.time() < self.thermo.load()["time"] + 1.05:
            time.sleep(0.02)
        copy, code = self.login(thief, "copy")
        return original, copy, code

    def last_login(self):
        logins = [e for e in self.store.audit() if e["event"] == "login"]
        return logins[-1] if logins else {}

    def last_reason(self):
        return self.last_login().get("reason")

    def test_clone__quarantined_and_session_closed(self):
        self.start()
        original, _, code = self.copy_and_use()
        self.assertEqual(code, REFUSED)
        self.assertSoon("clone", self.last_reason)
        original.wait_closed()
        self.assertIn("quarantined", self.state())
        _, code = self.login(self.thermo, "original")
        self.assertEqual(code, REFUSED)
        self.assertSoon("quarantined", self.last_reason)

    def test_clone__released_device_may_log_in(self):
        self.start()
        self.copy_and_use()
        self.store.cli("release", "thermo-1")
        _, code = self.login(self.thermo, "original")
        self.assertEqual(code, 0)

    def test_clone__alarm_is_published_like_the_audit_event(self):
        self.start()
        watch, _ = self.login(self.watch, "watch")
        other, _ = self.login(self.store.enrol("other"), "other")
        watch.subscribe(EVENTS)
        other.subscribe(EVENTS)
        self.copy_and_use()
        while not watch.messages:
            watch.ping()
        message = watch.messages[0]
        self.assertEqual(message.topic, "whitekey/v1/events/thermo-1")
        alarm = json.loads(message.payload)
        self.assertFits("audit-event", alarm)
        self.assertSoon("clone", self.last_reason)
        event = self.last_login()
        del alarm["time"], event["time"]
        self.assertEqual(alarm, event)
        self.assertEqual(alarm["reason"], "clone")
        self.assertTrue(alarm["quarantined"])
        # Only whom the acl_file names hears of it.
        other.ping()
        self.assertEqual(other.messages, [])

    def heard_beside_suspect_ones(self, **options):
        """Topics of the alarms after 30 of a device that anybody can raise,
        and one about a copy."""
        self.start(options=options)
        watch, _ = self.login(self.watch, "watch")
        watch.subscribe(EVENTS)
        noisy = self.store.enrol("noisy")
        heard = self.store.otp(noisy)
        self.login(noisy, "noisy")
        for _ in range(30):
            replay = rawmqtt.Client(self.server.port, "replay")
            self.assertEqual(replay.connect("noisy", heard).code, REFUSED)
            replay.disconnect()
        self.copy_and_use()
        for _ in range(100):
            watch.ping()
        return [message.topic for message in watch.messages]

    def test_clone__alarm_is_not_drowned_by_suspect_ones(self):
        topics = self.heard_beside_suspect_ones()
        self.assertIn("whitekey/v1/events/thermo-1", topics)

    def test_clone__alarm_alone_is_not_drowned_either(self):
        path = self.folder.path("x.prom")
        topics = self.heard_beside_suspect_ones(
            on_clone="alarm", metrics_file=path, sys_interval=1)
        self.assertEqual(topics.count("whitekey/v1/events/thermo-1"), 1)
        told = topics.count("whitekey/v1/events/noisy")

        def held():
            with open(path, encoding="utf-8") as file:
                return f"\nwhitekey_alarms_held_total {30 - told}\n" \
                    in file.read()

        self.assertLess(told, 30)
        self.assertSoon(True, held)

    def test_clone__alarm_only_where_the_policy_says_so(self):
        self.start(options={"on_clone": "alarm"})
        original, _, code = self.copy_and_use()
        self.assertEqual(code, REFUSED)
        self.assertSoon("clone", self.last_reason)
        self.assertTrue(original.alive())
        self.assertIn("enabled", self.state())

    def test_clone__session_closed_with_per_listener_settings(self):
        self.start(per_listener=True, listeners=2)
        original, _, code = self.copy_and_use()
        self.assertEqual(code, REFUSED)
        # No TICK in 2.0.11: silenced at once, closed at the next event.
        self.login(self.watch, "watch")
        original.wait_closed()

    def test_replay__does_not_quarantine(self):
        self.start()
        password = self.store.otp(self.thermo)
        self.one_login(password)
        original, _ = self.login(self.thermo, "original")
        thief = rawmqtt.Client(self.server.port, "thief")
        self.assertEqual(thief.connect("thermo-1", password).code, REFUSED)
        thief.disconnect()
        self.assertTrue(original.alive())
        self.assertIn("enabled", self.state())

    def test_revoke__live_session_closed_without_a_reload(self):
        self.start()
        for verb in ("disable", "revoke"):
            original, code = self.login(self.thermo, "original")
            self.assertEqual(code, 0)
            other, _ = self.login(self.watch, "watch")
            self.store.cli(verb, "thermo-1")
            original.wait_closed()
            self.assertTrue(other.alive())
            if verb == "disable":
                self.store.cli("enable", "thermo-1")

    def test_client_id__of_another_devices_session_refused(self):
        self.start()
        victim, _ = self.login(self.thermo, "shared")
        _, code = self.login(self.watch, "shared")
        self.assertEqual(code, REFUSED)
        self.assertSoon("client-id", self.last_reason)
        self.assertTrue(victim.alive())
        victim.disconnect()
        _, code = self.login(self.watch, "shared")
        self.assertEqual(code, 0)

    def test_client_id__of_another_devices_offline_session_refused(self):
        self.start()
        victim, _ = self.login(self.thermo, "shared", clean=False)
        victim.disconnect()
        _, code = self.login(self.watch, "shared", clean=False)
        self.assertEqual(code, REFUSED)
        _, code = self.login(self.thermo, "shared", clean=False)
        self.assertEqual(code, 0)

    def test_client_id__of_a_session_on_another_listener_refused(self):
        self.start(per_listener=True, listeners=2)
        victim, _ = self.login(self.thermo, "shared")
        self.server.port = self.server.ports[1]
        _, code = self.login(self.watch, "shared")
        self.assertEqual(code, REFUSED)
        self.assertTrue(victim.alive())
        _, code = self.login(self.thermo, "shared")
        self.assertEqual(code, 0)
        victim.wait_closed()

    def test_client_id__that_is_another_device_refused(self):
        self.start()
        _, code = self.login(self.watch, "thermo-1")
        self.assertEqual(code, REFUSED)
        _, code = self.login(self.thermo, "thermo-1")
        self.assertEqual(code, 0)

    def nameless(self, client_id, clean=True):
        client = rawmqtt.Client(self.server.port, client_id)
        self.addCleanup(client.disconnect, polite=False)
        return client.connect(clean=clean).code

    def test_client_id__of_a_device_is_not_for_who_names_none(self):
        self.server = self.broker(self.store, config="allow_anonymous true")
        self.assertEqual(self.nameless("thermo-1"), REFUSED)
        self.assertSoon("client-id", self.last_reason)
        self.assertNotIn("d_id", self.last_login())
        self.assertFits("audit-event", self.last_login())
        victim, _ = self.login(self.thermo, "own", clean=False)
        self.assertEqual(self.nameless("own", clean=False), REFUSED)
        self.assertTrue(victim.alive())
        victim.disconnect()
        self.assertEqual(self.nameless("own", clean=False), REFUSED)
        self.assertEqual(self.nameless("nobody-s"), 0)
        self.store.cli("revoke", "watch")
        self.assertSoon(0, lambda: self.nameless("watch"))


if __name__ == "__main__":
    wk.main()

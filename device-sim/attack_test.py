# SPDX-License-Identifier: Apache-2.0
"""whitekey-sim attack: the defence holds, and a broker without one fails."""

import unittest

import wk


class AttackTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def attack(self, broker, *args, check=0):
        return wk.run("whitekey-sim", "attack", *args, "--port", broker.port,
                      "--length", 256, env=self.store.env, check=check).stdout

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def state(self):
        return self.store.cli("show", "sim-victim").stdout

    def check_replay(self, protocol):
        broker = self.broker(self.store)
        text = self.attack(broker, "replay", "--protocol", protocol)
        self.assertIn("verdict: stopped", text)
        self.assertIn('"reason":"replay"', text)
        self.assertIn("victim: still online", text)
        self.assertSoon(["ok", "replay", "replay", "ok"], self.reasons)
        self.assertIn("enabled", self.state())

    def test_replay__mqtt_5_stopped(self):
        self.check_replay("5")

    def test_replay__mqtt_3_1_1_stopped(self):
        self.check_replay("3.1.1")

    def test_replay__broker_without_defence_fails(self):
        text = self.attack(self.broker(), "replay", "--protocol", "3.1.1",
                           check=1)
        self.assertIn("replay while it is online: let in", text)
        self.assertIn("verdict: not stopped", text)

    def test_copy__used_first_is_noticed(self):
        broker = self.broker(self.store)
        text = self.attack(broker, "copy")
        self.assertIn("verdict: noticed", text)
        self.assertIn('"reason":"clone"', text)
        self.assertIn("copy: its session was closed", text)
        self.assertSoon(["ok", "clone", "quarantined"], self.reasons)
        self.assertIn("quarantined", self.state())

    def test_copy__used_second_is_stopped(self):
        broker = self.broker(self.store)
        text = self.attack(broker, "copy", "--first", "original",
                           "--protocol", "3.1.1")
        self.assertIn("verdict: stopped", text)
        self.assertSoon(["ok", "clone", "quarantined"], self.reasons)

    def test_copy__again_after_a_quarantine(self):
        broker = self.broker(self.store)
        self.attack(broker, "copy")
        self.store.audit()  # waits for the first one's last lines
        self.assertIn("verdict: noticed", self.attack(broker, "copy"))

    def test_copy__alarm_alone_is_not_enough(self):
        broker = self.broker(self.store, options={"on_clone": "alarm"})
        text = self.attack(broker, "copy", check=1)
        self.assertIn('"reason":"clone"', text)
        self.assertIn("verdict: not stopped", text)

    def test_attack__wrong_registry_cannot_be_tried(self):
        broker = self.broker(self.registry("other"))
        done = wk.run("whitekey-sim", "attack", "copy", "--port", broker.port,
                      env=self.store.env, check=1)
        self.assertIn("does the broker use the registry", done.stderr)
        self.assertNotIn("verdict", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)

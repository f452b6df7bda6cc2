# SPDX-License-Identifier: Apache-2.0
"""Password logins by stock clients, and what a copied credential does."""

import rawmqtt
import wk

REFUSED = 5  # CONNACK of MQTT 3.1.1


class LoginTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.server = self.broker(self.store)

    def publish(self, did, password, *args):
        return wk.run(
            "mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
            "-u", did, "-P", password, "-t", "a", "-m", "b", "-q", "1", *args,
        )

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def state(self, did):
        return self.store.cli("show", did).stdout

    def assert_accepted(self, done):
        self.assertEqual(done.returncode, 0, done.stderr + self.server.log())

    def assert_refused(self, done):
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "(?i)not authori[sz]ed")

    def test_login__fresh_password_accepted_3_1_1(self):
        otp = self.store.otp(self.thermo)
        self.assert_accepted(self.publish("thermo-1", otp))
        self.assertSoon(["ok"], self.reasons)

    def test_login__fresh_password_accepted_5(self):
        otp = self.store.otp(self.thermo)
        self.assert_accepted(self.publish("thermo-1", otp, "-V", "mqttv5"))
        self.assertSoon(["ok"], self.reasons)

    def test_login__password_without_time_accepted(self):
        otp = self.store.otp(self.thermo, "--no-time")
        self.assert_accepted(self.publish("thermo-1", otp))

    def test_login__same_password_again_refused_not_quarantined(self):
        otp = self.store.otp(self.thermo)
        self.assert_accepted(self.publish("thermo-1", otp))
        self.assert_refused(self.publish("thermo-1", otp))
        self.assert_refused(self.publish("thermo-1", otp, "-V", "mqttv5"))
        self.assertSoon(["ok", "replay", "replay"], self.reasons)
        self.assertIn("enabled", self.state("thermo-1"))
        self.assert_accepted(
            self.publish("thermo-1", self.store.otp(self.thermo)))

    def test_login__older_password_refused_not_quarantined(self):
        first, second, third = self.store.otps(self.thermo, 3)
        self.assert_accepted(self.publish("thermo-1", first))
        self.assert_accepted(self.publish("thermo-1", third))
        self.assert_refused(self.publish("thermo-1", second))
        self.assertSoon("stale", lambda: self.reasons()[-1])
        self.assertIn("enabled", self.state("thermo-1"))

    def test_login__other_devices_password_refused(self):
        door = self.store.enrol("door-1")
        self.assert_refused(self.publish("thermo-1", self.store.otp(door)))
        self.assertSoon(["forged"], self.reasons)

    def test_login__unknown_device_refused(self):
        otp = self.store.otp(self.thermo)
        self.assert_refused(self.publish("nobody", otp))
        self.assertSoon(["unknown"], self.reasons)

    def test_login__malformed_passwords_refused(self):
        otp = self.store.otp(self.thermo)
        for bad in ("x", otp[:-1], otp + "A", "!" + otp[1:], otp + ".",
                    "Ag" + otp[2:], otp + "=", otp * 600):
            self.assert_refused(self.publish("thermo-1", bad))
        malformed = ["malformed"]
        self.assertSoon(malformed * 4 + ["user-unknown"] + malformed * 3,
                        self.reasons)
        self.assert_accepted(self.publish("thermo-1", otp))

    def test_login__no_password_refused(self):
        done = wk.run("mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
                      "-u", "thermo-1", "-t", "a", "-m", "b")
        self.assert_refused(done)

    def test_login__nobody_refused(self):
        done = wk.run("mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
                      "-t", "a", "-m", "b")
        self.assert_refused(done)

    def test_login__disabled_device_refused_until_enabled(self):
        self.store.cli("disable", "thermo-1")
        # The server takes an operator's act in at its next tick.
        self.assertSoon(True, lambda: 0 != self.publish(
            "thermo-1", self.store.otp(self.thermo)).returncode)
        self.store.cli("enable", "thermo-1")
        self.assert_accepted(
            self.publish("thermo-1", self.store.otp(self.thermo)))
        self.assertSoon(["disabled", "ok"], lambda: self.reasons()[-2:])

    def test_login__sent_on_many_connections_at_once_is_let_in_once(self):
        for index, more in enumerate(({}, {"version": 5}), 1):
            clients = [rawmqtt.Client(self.server.port, f"c{i}", **more)
                       for i in range(50)]
            otp = self.store.otp(self.thermo)
            for client in clients:
                client.begin("thermo-1", otp)
            codes = [rawmqtt.Connack(client.wait(rawmqtt.CONNACK), 4).code
                     for client in clients]
            for client in clients:
                client.disconnect(polite=False)
            self.assertEqual(codes.count(0), 1)
            self.assertSoon(index, lambda: self.reasons().count("ok"))

    def test_refusal__log_names_device_client_address_and_reason(self):
        self.assert_refused(self.publish("nobody", "x", "-i", "client-1"))
        self.server.wait_log(
            r"whitekey: refused device nobody, client client-1,"
            r" from 127\.0\.0\.1: ")

    def test_refusal__flood_does_not_fill_the_log(self):
        for _ in range(40):
            self.publish("nobody", "x")
        self.assertEqual(self.server.log().count("whitekey: refused"), 20)
        self.assertSoon(40, lambda: len(self.reasons()))


class AnonymousTest(wk.TestCase):
    def test_login__nobody_accepted_where_the_broker_says_so(self):
        store = self.registry()
        broker = self.broker(store, config="allow_anonymous true")
        target = ("-h", wk.HOST, "-p", broker.port, "-t", "a", "-m", "b")
        wk.run("mosquitto_pub", *target, check=0)
        named = wk.run("mosquitto_pub", *target, "-u", "somebody")
        self.assertEqual(named.returncode, REFUSED)


if __name__ == "__main__":
    wk.main()

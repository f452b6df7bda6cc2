# SPDX-License-Identifier: Apache-2.0
"""The gateway changes its key by itself, through restarts of both ends."""

import json

import gateway_fixture as fixture
import wk


class UpdateTest(fixture.GatewayCase):
    def setUp(self):
        super().setUp()
        self.start_broker()

    def chain(self):
        return self.credential.load()["chains"]["C"]

    def results(self):
        return [e["result"] for e in self.devices.audit()
                if e["event"] == "update"]

    def reasons(self):
        return [e["reason"] for e in self.devices.audit()
                if e["event"] == "login" and e.get("d_id") == "gateway"]

    def restart_broker(self, gateway):
        mark = gateway.mark()
        self.server.restart()
        gateway.wait_log("online at", mark)

    def test_update__every_session_switches_every_second_login(self):
        gateway = self.gateway("key_update session")
        for epoch in (1, 2, 3):
            self.assertSoon(["taken"] * epoch, self.results)
            self.assertEqual(self.chain()["update"]["epoch"], epoch)
            self.restart_broker(gateway)  # the old chain vouches
            self.restart_broker(gateway)  # the new one is used
            self.assertEqual(self.chain()["epoch"], epoch)
        self.assertSoon(["ok"] * 7, self.reasons)
        self.assertNotIn("not for this login", gateway.log())
        self.assertEqual(gateway.stop(), 0)

    def test_update__goes_on_after_a_kill(self):
        for _ in range(3):
            gateway = self.gateway("key_update session")
            self.kill(gateway)
        gateway = self.gateway("key_update never")
        self.restart_broker(gateway)
        self.restart_broker(gateway)
        chain = self.chain()
        self.assertNotIn("update", chain)
        self.assertGreaterEqual(chain["epoch"], 1)
        self.assertSoon(chain["epoch"], lambda: self.device()["epoch"])

    def test_update__the_shell_takes_its_turns_too(self):
        gateway = self.gateway("key_update session")
        self.assertSoon(["taken"], self.results)
        self.kill(gateway)

        def publish(password):
            return wk.run(
                "mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
                "-u", "gateway", "-P", password,
                "-t", "whitekey-gateway/gateway/note", "-m", "x", "-q", "1",
            ).returncode == 0

        # The old chain vouches, the new one switches, the old one is over.
        let_in = [publish(self.devices.otp(self.credential))
                  for _ in range(6)]
        self.assertEqual(let_in, [True, True, False, True, False, True])
        gateway = self.gateway("key_update never")
        self.restart_broker(gateway)
        self.assertNotIn("update", self.chain())
        self.assertEqual(self.chain()["epoch"], 1)

    def device(self):
        for device in json.loads(
                self.devices.cli("list", "--json").stdout):
            if device["d_id"] == "gateway":
                return device["chains"]["C"]
        return None

    def test_update__not_while_more_than_a_quarter_is_left(self):
        gateway = self.gateway()
        self.assertNotIn("key update", gateway.log())
        self.assertNotIn("update", self.chain())

    def test_update__with_little_left_by_itself(self):
        self.devices.otps(self.credential, 64)
        gateway = self.gateway()
        gateway.wait_log("a key update was sent")
        self.assertSoon(["taken"], self.results)


if __name__ == "__main__":
    wk.main()

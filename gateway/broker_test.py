# SPDX-License-Identifier: Apache-2.0
"""Brokers that restart, come late, refuse, or are not the right one."""

import json
import signal

import gateway_fixture as fixture
import wk
from gateway_fixture import PUBLIC, READING, TOPIC


def logins(events):
    """Indices of the gateway's accepted logins."""
    return [event["index"] for event in events
            if event.get("d_id") == "gateway" and event.get("reason") == "ok"]


class BrokerTest(fixture.GatewayCase):
    def test_restart__gateway_returns_with_a_fresh_password(self):
        self.start_broker()
        gateway = self.gateway()
        for number in (signal.SIGTERM, signal.SIGKILL):
            mark = gateway.mark()
            self.server.restart(number)
            gateway.wait_log("online at", mark)
        self.assertSoon(3, lambda: len(logins(self.devices.audit())))
        indices = logins(self.devices.audit())
        self.assertEqual(sorted(set(indices)), indices)
        # Enrolled only now: the crash has put known devices' next indices in
        # reserve, and these clients do not skip.
        onlooker = self.client(self.devices.enrol("viewer-2"), "public/#")
        sensor = self.client(self.devices.enrol("thermo-2"))
        sensor.publish(TOPIC, json.dumps(READING))
        onlooker.wait_message(PUBLIC)
        self.assertEqual(gateway.stop(), 0)

    def test_start__before_the_broker(self):
        port = wk.free_port()
        config = self.configure(broker=f"mqtt://{wk.HOST}:{port}")
        gateway = self.process("whitekey-gateway", "-c", config)
        gateway.wait_log("it cannot be reached or does not answer")
        broker = wk.Broker(self.folder, self.devices)
        broker.port, broker.ports = port, [port]
        self.addCleanup(broker.stop)
        broker.start()
        gateway.wait_log("online at")

    def test_refused__is_said_and_tried_again(self):
        self.start_broker()
        self.devices.cli("disable", "gateway")
        config = self.configure()
        gateway = self.process("whitekey-gateway", "-c", config)
        gateway.wait_log("the broker refused the login")
        self.devices.cli("enable", "gateway")
        gateway.wait_log("online at")

    def test_role__gateway_reads_what_no_other_may(self):
        self.start_broker(options={"acl": None})
        self.gateway()
        onlooker = self.client(self.viewer, "public/#")
        self.client(self.thermo).publish(TOPIC, json.dumps(READING))
        onlooker.wait_message("public/" + TOPIC)
        self.assertEqual(onlooker.subscribe("sensors/#"), 0x87)

    def test_impostor__without_proof_gets_nothing(self):
        self.start_broker()
        gateway = self.gateway()
        self.client(self.thermo).publish(TOPIC, json.dumps(READING))
        onlooker = self.client(self.viewer, "public/#")
        self.wait_outbox_empty(onlooker)
        self.assertEqual(gateway.stop(), 0)
        self.sql("INSERT INTO outbox (topic, payload)"
                 " VALUES ('public/left', x'7b7d')")
        self.server.stop()
        self.server = self.broker()
        config = self.configure()
        gateway = self.process("whitekey-gateway", "-c", config)
        gateway.wait_log("did not prove itself")
        self.assertNotIn("online at", gateway.log())
        self.assertNotIn("PUBLISH from gateway", self.server.log())
        self.assertEqual(gateway.stop(), 0)

    def refusals(self):
        """How far the gateway's skip-ahead is, as its credential keeps it."""
        with open(self.credential.path) as file:
            return json.load(file)["chains"]["C"].get("refusals", 0)

    def test_impostor__letting_in_is_no_success(self):
        self.start_broker()
        self.devices.cli("disable", "gateway")
        gateway = self.process("whitekey-gateway", "-c", self.configure())
        gateway.wait_log("the broker refused the login")
        gateway.wait_log("the broker refused the login", gateway.mark())
        self.assertEqual(gateway.stop(), 0)
        refused = self.refusals()
        self.assertGreater(refused, 0)
        self.server.stop()
        self.server = self.broker()
        gateway = self.process("whitekey-gateway", "-c", self.configure())
        gateway.wait_log("did not prove itself")
        self.assertEqual(gateway.stop(), 0)
        self.assertGreaterEqual(self.refusals(), refused)

    def test_tls__right_authority_accepted_other_one_refused(self):
        cert, key = self.certificate("broker", f"IP:{wk.HOST}")
        other, _ = self.certificate("other", f"IP:{wk.HOST}")
        self.start_broker(config=f"certfile {cert}\nkeyfile {key}")
        url = f"mqtts://{wk.HOST}:{self.server.port}"
        gateway = self.gateway(broker=url, cafile=cert)
        self.assertEqual(gateway.stop(), 0)
        config = self.configure(broker=url, cafile=other)
        gateway = self.process("whitekey-gateway", "-c", config)
        gateway.wait_log(f"no connection to {wk.HOST} port "
                         f"{self.server.port}: it cannot be reached")
        self.assertNotIn("online at", gateway.log())
        self.assertSoon(1, lambda: len(logins(self.devices.audit())))


if __name__ == "__main__":
    wk.main()

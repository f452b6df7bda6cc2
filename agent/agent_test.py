# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent with one client: in, through, out, and in again."""

import os

import rawmqtt
import wk
from agent_case import CREDENTIALS, UNAVAILABLE, AgentTest, resident

VERSIONS = (4, 5)


# What is not read waits in the broker and not here.
RESIDENT_MAX = 200_000_000 if wk.SANITIZE else 10_000_000


class LoginTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def test_connect__let_in_without_credentials(self):
        self.agent()
        for version in VERSIONS:
            client = self.client(version=version)
            self.assertEqual(client.connect().code, 0)
            self.assertIn(client.publish("sensors/thermo-1", "21.5"),
                          (0, 0x10))  # nobody subscribed
            client.disconnect()
        self.assertSoon(["ok", "ok"], self.reasons)

    def test_connect__refused_without_the_agent(self):
        client = rawmqtt.Client(self.server.port, "local")
        self.addCleanup(client.disconnect, polite=False)
        self.assertEqual(client.connect().code, 5)

    def test_connect__credentials_of_its_own_are_refused(self):
        self.agent()
        for version in VERSIONS:
            self.assertEqual(self.code(version, username="thermo-1"),
                             CREDENTIALS[version])
        self.assertEqual(self.code(5, method="WHITEKEY", data=b"x"),
                         CREDENTIALS[5])
        self.assertEqual(self.logins(), [])

    def test_connect__client_hears_nothing_of_the_login(self):
        self.agent(key_update="session")
        for version in VERSIONS:
            client = self.client(version=version)
            connack = client.connect(clean=False, expiry=rawmqtt.FOREVER)
            self.assertEqual(connack.code, 0)
            self.assertIsNone(connack.auth_data)
            self.assertTrue(client.ping())
            self.assertEqual(client.messages, [])
            client.disconnect()

    def sleep_through(self, version, count=50):
        """A client that resumes its session and finds messages there."""
        other = self.client("other", version)
        other.connect()
        for number in range(count):
            other.publish("t", str(number) * 100)
        other.disconnect()
        client = self.client(f"sleeper-{version}", version)
        self.assertTrue(client.connect(
            clean=False, expiry=rawmqtt.FOREVER).present)
        for number in range(count):
            self.assertEqual(client.wait_message("t").payload,
                             (str(number) * 100).encode())
        client.ping()
        self.assertEqual(client.messages, [])
        client.disconnect()

    def fall_asleep(self, version, topic):
        client = self.client(f"sleeper-{version}", version)
        client.connect(clean=False, expiry=rawmqtt.FOREVER)
        client.subscribe(topic)
        client.disconnect()

    def test_resumed__queued_messages_arrive_and_no_x4(self):
        self.agent(clients="many")
        for version in VERSIONS:
            self.fall_asleep(version, "t")
            self.sleep_through(version)

    def test_resumed__subscribed_to_everything(self):
        """The proof does not wait behind what the broker sends bit by bit."""
        self.agent(clients="many", key_update="session")
        for version in VERSIONS:
            self.fall_asleep(version, "#")
            for _ in range(3):
                self.sleep_through(version)

    def test_resumed__what_was_begun_without_the_agent(self):
        """Its first try makes the next one succeed."""
        direct = rawmqtt.Client(self.server.port, "sleeper-4")
        self.addCleanup(direct.disconnect, polite=False)
        direct.connect("thermo-1", self.devices.otp(self.thermo), clean=False)
        direct.subscribe("#")
        direct.disconnect()
        agent = self.agent(clients="many")
        other = self.client("other", 5)
        other.connect()
        for number in range(50):
            other.publish("t", str(number))
        other.disconnect()
        self.assertEqual(self.code(4, "sleeper-4", clean=False),
                         UNAVAILABLE[4])
        agent.wait_log("no proof, or behind a backlog: the next try has it")
        self.assertComesBack(4, client_id="sleeper-4", clean=False)

    def test_roles__leave_the_agent_what_it_needs(self):
        self.server.stop()
        self.server = self.broker(self.devices, options={"acl": "on"})
        self.agent(key_update="session")
        for version in VERSIONS * 2:
            client = self.client(version=version)
            self.assertEqual(client.connect(
                clean=False, expiry=rawmqtt.FOREVER).code, 0)
            self.assertLess(client.subscribe("commands/thermo-1/#"), 0x80)
            self.assertGreaterEqual(client.subscribe("#"), 0x80)
            client.disconnect()

    def test_relay__large_messages_come_back_as_they_were(self):
        self.agent()
        for version in VERSIONS:
            client = self.client(version=version)
            client.connect()
            client.subscribe("t")
            for size in (0, 1, 65535, 3_000_000):
                payload = os.urandom(size)
                client.publish("t", payload)
                self.assertEqual(client.wait_message("t").payload, payload)
            client.disconnect()

    def test_relay__slow_reader_gets_everything(self):
        self.server.stop()
        self.server = self.broker(self.devices, config="\n".join(
            ("max_queued_messages 0", "max_inflight_messages 0")))
        agent = self.agent()
        slow = self.client("slow")
        slow.connect()
        slow.subscribe("t")
        second = self.devices.enrol("thermo-2")
        fast = rawmqtt.Client(self.server.port, "fast")
        self.addCleanup(fast.disconnect, polite=False)
        fast.connect("thermo-2", self.devices.otp(second))
        payloads = [os.urandom(100_000) for _ in range(200)]
        for payload in payloads:
            fast.publish("t", payload)
        self.assertLess(resident(agent.pid), RESIDENT_MAX)
        for payload in payloads:
            self.assertEqual(slow.wait_message("t").payload, payload)

    def test_will__is_the_clients(self):
        self.agent()
        second = self.devices.enrol("thermo-2")
        watcher = rawmqtt.Client(self.server.port, "watcher")
        self.addCleanup(watcher.disconnect, polite=False)
        watcher.connect("thermo-2", self.devices.otp(second))
        watcher.subscribe("wills")
        for version in VERSIONS:
            client = self.client(version=version)
            client.connect(will=("wills", "gone"))
            client.disconnect(polite=False)
            self.assertEqual(watcher.wait_message("wills").payload, b"gone")

    def test_challenge__never_falls_back(self):
        self.agent(method="challenge")
        self.assertEqual(self.code(5), 0)
        self.assertEqual(self.code(4), UNAVAILABLE[4])
        self.assertSoon(["ok"], self.reasons)

    def test_update__keys_change_under_the_clients_feet(self):
        self.agent(key_update="session")
        for version in VERSIONS * 4:
            self.assertEqual(self.code(version), 0)
        self.assertSoon(True, lambda: self.logins()[-1][1] >= 3)
        self.assertEqual(set(self.reasons()), {"ok"})

    def test_update__never_stays_with_its_chain(self):
        self.agent(key_update="never")
        for version in VERSIONS * 2:
            self.assertEqual(self.code(version), 0)
        self.assertSoon([("ok", 0, i) for i in range(1, 5)], self.logins)

    def test_stop__gives_back_what_was_reserved(self):
        agent = self.agent(reserve=64)
        self.assertEqual(self.code(), 0)
        self.assertEqual(self.thermo.load()["chains"]["C"]["next"], 65)
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(self.thermo.load()["chains"]["C"]["next"], 2)


if __name__ == "__main__":
    wk.main()

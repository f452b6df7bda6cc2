# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent with one client: in, through, out, and in again."""

import os
import shutil
import subprocess
import unittest

import rawmqtt
import wk
from agent_case import CREDENTIALS, UNAVAILABLE, AgentTest

VERSIONS = (4, 5)
PUB = shutil.which("mosquitto_pub")
X4 = "whitekey/v1/thermo-1/x4"


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

    def test_resumed__queued_messages_arrive_and_no_x4(self):
        self.agent(clients="many")
        for version in VERSIONS:
            client = self.client(f"sleeper-{version}", version)
            client.connect(clean=False, expiry=rawmqtt.FOREVER)
            client.subscribe("t")
            client.disconnect()
            other = self.client("other", version)
            other.connect()
            for number in range(50):
                other.publish("t", str(number) * 100)
            other.disconnect()
            client = self.client(f"sleeper-{version}", version)
            self.assertTrue(client.connect(
                clean=False, expiry=rawmqtt.FOREVER).present)
            for number in range(50):
                self.assertEqual(client.wait_message("t").payload,
                                 (str(number) * 100).encode())
            self.assertNotIn(X4, [m.topic for m in client.messages])
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

    def test_file__is_the_agents_alone(self):
        self.agent()
        done = self.devices.cli("otp", "-c", self.thermo.path, check=1)
        self.assertIn("another program keeps this credential open",
                      done.stderr)


class UserTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)
        os.chmod(self.folder.root, 0o755)
        self.socket = self.folder.path("socket")

    def pub(self, user=None):
        return subprocess.run(
            [PUB, "--unix", self.socket, "-t", "t", "-m", "m", "-q", "1"],
            user=user, capture_output=True, timeout=wk.PATIENCE,
            check=False).returncode == 0

    def test_unix__owner_gets_in(self):
        self.agent(listen=f"unix:{self.socket}")
        self.assertTrue(self.pub())
        self.assertEqual(os.stat(self.socket).st_mode & 0o777, 0o600)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be others")
    def test_allow_user__listed_ones_only(self):
        agent = self.agent(listen=f"unix:{self.socket}", allow_user="daemon")
        self.assertTrue(self.pub("daemon"))
        self.assertFalse(self.pub("nobody"))
        agent.wait_log("user 65534, process [0-9]+: not allowed")
        self.assertSoon(["ok"], self.reasons)

    def test_unix__left_over_socket_is_replaced(self):
        agent = self.agent(listen=f"unix:{self.socket}")
        agent.stop(wk.SIGKILL)
        self.assertTrue(os.path.exists(self.socket))
        agent = self.agent(listen=f"unix:{self.socket}")
        self.assertTrue(self.pub())
        agent.stop()
        self.assertFalse(os.path.exists(self.socket))

    def test_unix__what_is_in_use_is_left_alone(self):
        self.agent(listen=f"unix:{self.socket}")
        second = self.devices.enrol("thermo-2")
        done = wk.run("whitekey-agent", "-c", self.config(
            listen=f"unix:{self.socket}", credential=second.path), check=1)
        self.assertIn("Address already in use", done.stderr)
        self.assertNotIn("epoll", done.stderr)
        self.assertTrue(self.pub())


if __name__ == "__main__":
    wk.main()

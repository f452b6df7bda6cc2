# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent among the users of its machine: who may connect, whose files
these are, how its service is shut in."""

import os
import shutil
import subprocess
import unittest

import wk
from agent_case import AgentTest

PUB = shutil.which("mosquitto_pub")


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

    def test_file__is_the_agents_alone(self):
        self.agent()
        done = self.devices.cli("otp", "-c", self.thermo.path, check=1)
        self.assertIn("another program keeps this credential open",
                      done.stderr)


class ConfigTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def says(self, config, status, words):
        """--test-config and a start of the agent say the same."""
        for more in (["--test-config"], []):
            done = wk.run("whitekey-agent", "-c", config, *more, check=status)
            self.assertIn(words, done.stdout + done.stderr)

    def test_config__good_one_is_ok_beside_an_agent_at_work(self):
        config = self.config(allow_user="daemon",
                             listen=f"unix:{self.folder.path('socket')}")
        self.process("whitekey-agent", "-c", config).wait_log("ready")
        done = wk.run("whitekey-agent", "-c", config, "--test-config",
                      check=0)
        self.assertEqual(done.stdout, "ok\n")
        self.assertEqual(self.thermo.load()["chains"]["C"]["next"], 1)

    def test_config__wrong_ones_are_told(self):
        missing = self.folder.path("missing")
        tls = {"broker": f"mqtts://{wk.HOST}:{self.server.port}"}
        for words, settings in (
                ("brokr", {"brokr": "mqtt://localhost"}),
                (missing, {"credential": missing}),
                (f"{missing}: No such file", {"cafile": missing, **tls}),
                ("pin", {"pin": "00", **tls}),
                ("nosuchuser", {"allow_user": "nosuchuser"}),
                ("unix:PATH", {"listen": "0.0.0.0:1883"})):
            with self.subTest(words=words):
                self.says(self.config(**settings), 1, words)

    def test_credential__of_others_to_read_is_refused(self):
        os.chmod(self.thermo.path, 0o644)
        self.says(self.config(), 1, self.thermo.path)

    @unittest.skipUnless(wk.may_mount(), "only root may mount")
    def test_credential__in_a_folder_that_is_read_only_is_refused(self):
        config = self.config()
        for more in (["--test-config"], []):
            done = wk.run_read_only(self.folder.root, "whitekey-agent", "-c",
                                    config, *more, check=1)
            self.assertIn(f"{self.thermo.path}: cannot be replaced: "
                          f"{self.folder.root}/: Read-only", done.stderr)

    def test_credential__with_a_users_part_is_refused(self):
        gate = self.devices.enrol("gate", "--user")
        self.says(self.config(credential=gate.path), 1,
                  "holds a user's chain (D)")


class UnitTest(wk.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd")
    def test_service__is_shut_in(self):
        wk.run("systemd-analyze", "security", "--offline=true",
               "--threshold=15", os.path.join(
                   wk.BUILD, "agent", "whitekey-agent.service"), check=0)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""The agent with a dongle: the chip makes the logins and knows its broker."""

import os
import time

from agent_case import UNAVAILABLE, AgentTest

import wk
from donglesim import Dongle


class DongleTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.dongle = Dongle(self)
        self.devices.cli("enrol", "door-1", "--dongle", self.dongle.port,
                         "--length", "256")

    def agent(self, **settings):
        return super().agent(credential=None, dongle=self.dongle.port,
                             **settings)

    def test_dongle__logs_programs_of_both_versions_in(self):
        self.server = self.broker(self.devices)
        agent = self.agent()
        for version in (4, 5, 4, 5):
            client = self.client(version=version)
            self.assertEqual(client.connect().code, 0)
            client.subscribe("commands/door-1/x")
            client.publish("commands/door-1/x", "21.5", qos=1)
            self.assertEqual(client.wait_message("commands/door-1/x").payload,
                             b"21.5")
            client.disconnect()
        agent.wait_log("logged in as door-1")
        self.assertEqual(set(self.reasons()), {"ok"})

    def test_dongle__answers_a_challenge(self):
        self.server = self.broker(self.devices)
        self.agent(method="challenge")
        self.assertEqual([self.code(5) for _ in range(2)], [0, 0])
        self.assertEqual(self.reasons(), ["ok", "ok"])

    def test_dongle__skips_ahead_after_refusals(self):
        self.server = self.broker(self.devices)
        self.agent()
        self.devices.cli("disable", "door-1")
        until = time.monotonic() + wk.PATIENCE
        while len(self.reasons()) < 3:
            self.assertNotEqual(self.code(4), 0)
            self.assertLess(time.monotonic(), until)
        self.devices.cli("enable", "door-1")
        self.assertComesBack(4)
        indices = [index for _, _, index in self.logins()]
        self.assertEqual(indices, [2 ** i for i in range(len(indices))])
        self.assertEqual(set(self.reasons()[:-1]), {"disabled"})
        self.assertEqual(self.reasons()[-1], "ok")

    def test_dongle__changes_its_key(self):
        wk.run("whitekey", "otp", "--dongle", self.dongle.port, "--count",
               "70", check=0)
        self.server = self.broker(self.devices)
        self.agent()
        version = 4
        until = time.monotonic() + wk.PATIENCE
        while not any(epoch == 1 for _, epoch, _ in self.logins()):
            self.assertLess(time.monotonic(), until)
            self.assertEqual(self.code(version), 0)
            version = 9 - version
        self.assertEqual([self.code(v) for v in (4, 5)], [0, 0])
        self.assertEqual(set(self.reasons()), {"ok"})
        self.assertEqual({epoch for _, epoch, _ in self.logins()[-2:]}, {1})

    def test_dongle__an_impostor_of_a_broker_gets_no_program(self):
        self.server = self.broker(None)
        agent = self.agent()
        self.assertEqual(self.code(4), UNAVAILABLE[4])
        agent.wait_log(": no proof;")

    def test_dongle__another_registrys_broker_is_refused(self):
        other = self.registry("other")
        other.enrol("door-1")
        self.server = self.broker(other)
        self.agent()
        self.assertNotEqual(self.code(4), 0)
        self.assertEqual(
            [e["reason"] for e in other.audit() if e["event"] == "login"],
            ["forged"])

    def test_dongle__power_fails_and_it_comes_back(self):
        self.server = self.broker(self.devices)
        name = self.folder.path("port")
        os.symlink(self.dongle.port, name)
        agent = super().agent(credential=None, dongle=name)
        self.assertEqual(self.code(4), 0)
        self.dongle.power_fails()
        self.assertEqual(self.code(4), UNAVAILABLE[4])
        agent.wait_log(f"{name}: ")
        os.unlink(name)
        os.symlink(self.dongle.port, name)
        self.assertComesBack(5)
        self.assertEqual(set(self.reasons()), {"ok"})

    def test_dongle__another_one_in_its_place_is_told(self):
        self.server = self.broker(self.devices)
        name = self.folder.path("port")
        os.symlink(self.dongle.port, name)
        agent = super().agent(credential=None, dongle=name)
        self.dongle.process.stop()
        os.unlink(self.dongle.eeprom)
        self.dongle.start()
        os.unlink(name)
        os.symlink(self.dongle.port, name)
        self.assertEqual(self.code(4), UNAVAILABLE[4])
        agent.wait_log('the dongle of door-1: is "" now, or blank')

    def test_config__is_tested_beside_an_agent_at_work(self):
        self.server = self.broker(self.devices)
        self.agent()
        conf = self.config(credential=None, dongle=self.dongle.port)
        said = wk.run("whitekey-agent", "-c", conf, "--test-config", check=0)
        self.assertEqual(said.stdout, "ok\n")

    def test_config__without_a_dongle_at_the_port(self):
        self.server = self.broker(self.devices)
        path = self.folder.path("nothing")
        conf = self.config(credential=None, dongle=path)
        for more in (["--test-config"], []):
            said = wk.run("whitekey-agent", "-c", conf, *more, check=1).stderr
            self.assertIn(f"{path}: No such file", said)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""The agent while its dongle keeps it waiting: for a finger, or for what the
chip computes."""

import signal

from agent_case import UNAVAILABLE, AgentTest

import rawmqtt
import wk
from donglesim import Dongle, HeldLine

PASSWORD, ANSWER, UPDATE = 4, 5, 10


class FingerTest(AgentTest):
    """A dongle with a sensor, on which a finger is put, and lifted."""

    def setUp(self):
        super().setUp()
        self.dongle = Dongle(self, "--finger", "1", "--sensor",
                             self.folder.path("sensor"))
        self.devices.cli("enrol", "door-1", "--dongle", self.dongle.port,
                         "--length", "256")
        self.server = self.broker(self.devices, options={"sessions": "many"})
        self.line = HeldLine(self, self.dongle)
        self.program = self.agent(credential=None, dongle=self.line.port,
                                  clients="many")

    def touch(self):
        self.dongle.process.signal(signal.SIGUSR1)

    def test_finger__is_waited_for(self):
        first = self.client("first")
        self.assertEqual(first.connect().code, 0)
        self.touch()
        for version in (4, 5):
            mark = self.program.mark()
            second = self.client("second", version)
            second.begin()
            self.program.wait_log("second.*touch the sensor of door-1", mark)
            for _ in range(3):
                self.line.hold(PASSWORD)
                self.line.wait_held()
                self.line.release()
            self.assertTrue(first.ping())
            self.touch()
            code = rawmqtt.Connack(second.wait(rawmqtt.CONNACK), version).code
            self.assertEqual(code, 0)
            second.disconnect()
            self.touch()
        self.assertEqual(self.program.log().count("touch"), 2)
        self.assertSoon(["ok"] * 3, self.reasons)

    def test_finger__that_is_a_strangers_lets_nobody_in(self):
        self.program.stop()
        self.dongle.restart("--finger", "9", "--sensor",
                            self.folder.path("sensor"))
        program = self.agent(credential=None, dongle=self.dongle.port)
        self.assertEqual(self.code(), UNAVAILABLE[4])
        program.wait_log("knows another finger")
        self.assertEqual(self.reasons(), [])


class SlowTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.dongle = Dongle(self)
        self.devices.cli("enrol", "door-1", "--dongle", self.dongle.port,
                         "--length", "256")

    def many(self, **settings):
        """Several sessions, through an agent whose dongle can be slow."""
        self.server = self.broker(self.devices, options={"sessions": "many"})
        line = HeldLine(self, self.dongle)
        self.agent(credential=None, dongle=line.port, clients="many",
                   **settings)
        return line

    def assertServes(self, client):
        client.publish("commands/door-1/x", "21.5", qos=1)
        self.assertEqual(client.wait_message("commands/door-1/x").payload,
                         b"21.5")

    def test_slow__others_go_on_while_the_chip_computes(self):
        line = self.many(key_update="session")
        first = self.client("first")
        self.assertEqual(first.connect().code, 0)
        first.subscribe("commands/door-1/x")
        for command, version in ((PASSWORD, 4), (PASSWORD, 5), (ANSWER, 4),
                                 (ANSWER, 5), (UPDATE, 4), (UPDATE, 5)):
            with self.subTest(command=command, version=version):
                second = self.client("second", version)
                line.hold(command)
                second.begin()
                line.wait_held()
                self.assertServes(first)
                line.release()
                code = rawmqtt.Connack(second.wait(rawmqtt.CONNACK), version)
                self.assertEqual(code.code, 0)
                second.disconnect()
        self.assertEqual(set(self.reasons()), {"ok"})

    def test_slow__who_leaves_meanwhile_harms_nobody(self):
        line = self.many(method="challenge")
        for command in (PASSWORD, ANSWER):
            with self.subTest(command=command):
                line.hold(command)
                first = self.client(f"first{command}", 5)
                first.begin()
                line.wait_held()
                first.disconnect(polite=False)
                second = self.client("second", 5)
                second.begin()
                line.release()
                code = rawmqtt.Connack(second.wait(rawmqtt.CONNACK), 5).code
                self.assertEqual(code, 0)
                second.disconnect()
        self.assertEqual(set(self.reasons()), {"ok"})


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""The examples that draw their passwords from the command get past those that
a crashed broker refuses, because they may have been spent."""

import os
import shutil
import sys
import unittest

import wk

EXAMPLES = os.path.join(wk.SOURCE, "examples")
NODE = os.path.join(wk.SOURCE, "tests", "node", "node_modules")


class CrashTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.server = self.broker(self.store)
        self.env = {
            "NODE_PATH": NODE,
            "PATH": wk.programs_folder(self.folder) + ":"
            + os.environ["PATH"]}

    def start(self, name, *argv):
        device = self.store.enrol(name)
        client = self.process(*argv, self.server.port, device.path,
                              env=self.env)
        client.wait_log("^connected$")
        # All but three of the 64 that the broker may have let in.
        self.store.otps(device, 61)
        return client

    def logins(self, name):
        return [(event["reason"], event["index"])
                for event in self.store.audit() if event["event"] == "login"
                and event["d_id"] == name]

    def test_crash__its_passwords_are_skipped_faster_and_faster(self):
        clients = {
            "npm": self.start("npm", shutil.which("node"),
                              os.path.join(EXAMPLES, "npm_mqtt.js")),
            "paho": self.start("paho", sys.executable,
                               os.path.join(EXAMPLES, "paho_python.py"),
                               wk.HOST)}
        marks = {name: client.mark() for name, client in clients.items()}
        self.server.restart(wk.SIGKILL)
        for name, client in clients.items():
            client.wait_log("^connected$", marks[name])
            self.assertSoon([("ok", 1), ("reserved", 63), ("reserved", 64),
                             ("ok", 66)], lambda: self.logins(name))


if __name__ == "__main__":
    unittest.main(verbosity=2)

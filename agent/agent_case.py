# SPDX-License-Identifier: Apache-2.0
"""What the agent's tests share: a device, its broker, and an agent."""

import os
import time

import rawmqtt
import wk

UNAVAILABLE = {4: 3, 5: 0x88}
BUSY = {4: 3, 5: 0x89}
CREDENTIALS = {4: 4, 5: 0x86}


def resident(pid):
    """Bytes of memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class AgentTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.devices = self.registry()
        self.thermo = self.devices.enrol("thermo-1")
        self.port = wk.free_port()

    def config(self, **settings):
        """A configuration; a list repeats its key, None leaves it out."""
        port = settings.pop("broker_port", None) or self.server.port
        lines = {"broker": f"mqtt://{wk.HOST}:{port}",
                 "credential": self.thermo.path,
                 "listen": f"{wk.HOST}:{self.port}", **settings}
        text = ""
        for key, values in lines.items():
            values = values if isinstance(values, list) else [values]
            text += "".join(f"{key} {value}\n" for value in values
                            if value is not None)
        return self.folder.write("agent.conf", text)

    def agent(self, **settings):
        process = self.process("whitekey-agent", "-c",
                               self.config(**settings))
        process.wait_log("ready for clients")
        return process

    def client(self, client_id="local", version=4):
        client = rawmqtt.Client(self.port, client_id, version)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def code(self, version=4, client_id="local", **more):
        """The CONNACK's code for one attempt of a local client."""
        client = self.client(client_id, version)
        code = client.connect(**more).code
        client.disconnect(polite=False)
        return code

    def assertComesBack(self, version=4, **more):
        """The agent lets a client in again once its pause is over."""
        until = time.monotonic() + wk.PATIENCE
        while self.code(version, **more) != 0:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)

    def logins(self):
        return [(event["reason"], event.get("epoch"), event.get("index"))
                for event in self.devices.audit() if event["event"] == "login"]

    def reasons(self):
        return [reason for reason, _, _ in self.logins()]

# SPDX-License-Identifier: Apache-2.0
"""A broker with our plugin, a gateway at it, a sensor and an onlooker."""

import json
import os
import signal
import sqlite3
import subprocess

import rawmqtt
import wk
from xmsg import unb64

POLICY = """\
version: 1
rules:
  - topic: sensors/+/temperature
    release: [temperature, place.floor]
    to: public/{topic}
"""
READING = {
    "seq": 7,
    "temperature": 21.50,
    "heart": 71,
    "place": {"floor": 2, "room": "bed"},
}
TOPIC = "sensors/thermo-1/temperature"
PUBLIC = "public/" + TOPIC
SEALED = "sealed/" + TOPIC
STATE = "whitekey-gateway/gateway/bridge/state"


def jose(key, token):
    """What jose makes of a token, None when it does not open.

    It writes plaintext before it has checked the tag: the exit status is
    what counts. A newline after the token would be one byte too many.
    """
    done = subprocess.run(
        ["jose", "jwe", "dec", "-i", "-", "-k", key],
        input=token.encode(), capture_output=True, timeout=wk.PATIENCE,
    )
    return done.stdout if done.returncode == 0 else None


def head(token):
    """A token's protected header."""
    return json.loads(unb64(token.split(".")[0]))


class GatewayCase(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store_path = self.folder.path("gateway.db")
        self.key = self.folder.path("owner.jwk")
        self.policy = self.folder.write("policy.yaml", POLICY)
        wk.run("whitekey-gateway", "init-key", self.key, check=0)
        self.devices = self.registry()
        self.devices.cli("role", "set", "viewer", "--subscribe", "public/#",
                         "sealed/#", "whitekey-gateway/#")
        self.credential = self.devices.enrol("gateway", "--role", "gateway")
        self.thermo = self.devices.enrol("thermo-1")
        self.viewer = self.devices.enrol("viewer", "--role", "viewer")

    def start_broker(self, **settings):
        self.server = self.broker(self.devices, **settings)

    def configure(self, *lines, broker=None, **changes):
        """Writes gateway.conf; changes: other values, None leaves one out."""
        values = {
            "broker": broker or f"mqtt://{wk.HOST}:{self.server.port}",
            "credential": self.credential.path,
            "key": self.key,
            "policy": self.policy,
            "store": self.store_path,
            **changes,
        }
        text = [f"{key} {value}" for key, value in values.items() if value]
        return self.folder.write(
            "gateway.conf", "\n".join([*text, *lines]) + "\n")

    def gateway(self, *lines, **changes):
        """A gateway that is online."""
        config = self.configure(*lines, **changes)
        process = self.process("whitekey-gateway", "-c", config)
        process.wait_log("online at")
        return process

    def kill(self, gateway):
        self.assertEqual(gateway.stop(signal.SIGKILL), -signal.SIGKILL)

    def client(self, device, *topics, version=5):
        """A logged-in MQTT client that has subscribed to the topics."""
        client = rawmqtt.Client(self.server.port, device.did, version=version)
        self.addCleanup(client.disconnect, polite=False)
        answer = client.connect(device.did, self.devices.otp(device))
        self.assertEqual(answer.code, 0)
        for topic in topics:
            self.assertLess(client.subscribe(topic), 0x80)
        return client

    def export(self, *args, check=0):
        config = self.folder.path("gateway.conf")
        return wk.run("whitekey-gateway", "-c", config, "export", *args,
                      check=check)

    def rows(self):
        """What is stored, in clear."""
        return [json.loads(line)
                for line in self.export("--json").stdout.splitlines()]

    def sql(self, statement):
        database = sqlite3.connect(self.store_path, timeout=wk.PATIENCE)
        with database:
            rows = database.execute(statement).fetchall()
        database.close()
        return rows

    def wait_outbox_empty(self, onlooker):
        """Each round of the onlooker's ping lets the broker work."""
        while self.sql("SELECT count(*) FROM outbox") != [(0,)]:
            onlooker.ping()

    def exists(self, path):
        return os.path.exists(path)

# SPDX-License-Identifier: Apache-2.0
"""What the tests of $CONTROL/whitekey/v1 share."""

import base64
import json
import os

import jsonschema

import rawmqtt
import wk

CONTROL = "$CONTROL/whitekey/v1"
RESPONSE = CONTROL + "/response"
NOT_AUTHORIZED = 0x87


def schema(name):
    path = os.path.join(wk.SOURCE, "schemas", f"{name}.schema.json")
    with open(path, encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def enrolment(did, first=1):
    return {"whitekey": 1, "d_id": did, "bio_id": b64(bytes(16)),
            "chains": [{"role": "C", "epoch": 0, "n": 256,
                        "anchor": b64(bytes([first]) + bytes(31))}]}


class ControlCase(wk.TestCase):
    """A registry with an admin, "owner", and "thermo-1", a device."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner", "--role", "admin")
        self.thermo = self.store.enrol("thermo-1")

    def login(self, broker, device, version=5):
        client = rawmqtt.Client(broker.port, "at-" + device.did, version)
        self.addCleanup(client.disconnect, polite=False)
        password = self.store.otp(device)
        self.assertEqual(client.connect(device.did, password).code, 0)
        return client

    def start(self, **settings):
        self.server = self.broker(self.store, options={"acl": None},
                                  **settings)
        self.admin = self.login(self.server, self.owner)

    def raw(self, payload):
        """The responses to a payload as it is."""
        self.admin.messages.clear()
        self.assertLess(self.admin.publish(CONTROL, payload), 0x80)
        answer = json.loads(self.admin.wait_message(RESPONSE).payload)
        schema("control-response").validate(answer)
        return answer["responses"]

    def ask(self, command, **members):
        request = {"commands": [{"command": command, **members}]}
        schema("control-request").validate(request)
        return self.raw(json.dumps(request))[0]

    def data(self, command, **members):
        answer = self.ask(command, **members)
        self.assertNotIn("error", answer)
        return answer["data"]

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


REQUESTS = {
    "listDevices": {}, "listRoles": {}, "getMetrics": {},
    "getDevice": {"d_id": "owner"}, "disableDevice": {"d_id": "owner"},
    "enableDevice": {"d_id": "off-1"}, "revokeDevice": {"d_id": "owner"},
    "releaseDevice": {"d_id": "owner"},
    "setDeviceRole": {"d_id": "thermo-1", "role": "admin"},
    "enrolDevice": {"enrolment": enrolment("own"), "role": "admin"},
    "getRole": {"role": "admin"}, "removeRole": {"role": "unused"},
    "setRole": {"role": "device", "publish": ["#"], "subscribe": ["#"]},
}
ALL = json.dumps({"commands": [{"command": name, **members}
                               for name, members in REQUESTS.items()]})


class ControlCase(rawmqtt.TestCase):
    """A registry with an admin, "owner", and "thermo-1", a device."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner", "--role", "admin")
        self.thermo = self.store.enrol("thermo-1")

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


class TrespassCase(ControlCase):
    """With an acl_file that opens everything; unharmed() in the end."""

    ACL = None

    def setUp(self):
        super().setUp()
        self.store.cli("role", "set", "unused", "--publish", "x")
        self.store.enrol("off-1")
        self.store.cli("disable", "off-1")

    def start(self, **settings):
        acl = self.folder.write("acl", "".join(
            f"{who} readwrite {what}\n" for what in
            ("#", "$CONTROL/#", "whitekey/#", "$SYS/#")
            for who in ("pattern", "topic")))  # devices, and anonymous ones
        settings.setdefault("config", "")
        settings["config"] += f"\nacl_file {acl}"
        self.server = self.broker(self.store, options={"acl": self.ACL},
                                  **settings)
        self.admin = self.login(self.server, self.owner)
        for topic in ("whitekey/v1/events/#", "$CONTROL/whitekey/#"):
            self.assertEqual(self.admin.subscribe(topic), 1)
        self.before = self.state()

    def state(self):
        """What no login changes."""
        devices = json.loads(self.store.cli("list", "--json").stdout)
        return ([(d["d_id"], d["state"], d["role"], d["generation"])
                 for d in devices],
                self.store.cli("role", "list", "--json").stdout)

    def heard(self, client):
        """All but its own login's X4, which a wide filter covers too."""
        client.ping()
        return [message.topic for message in client.messages
                if not message.topic.endswith("/x4")]

    def unharmed(self, *clients):
        """Nobody was told anything, nothing was done; the admin still can."""
        for client in clients:
            self.assertEqual(self.heard(client), [])
        self.admin.ping()
        self.assertEqual(self.admin.messages, [])
        self.assertEqual(self.state(), self.before)
        self.assertEqual(
            [e for e in self.store.audit() if "by" in e], [])
        self.assertIn("data", self.ask("getRole", role="admin"))
        for client in clients:
            self.assertEqual(self.heard(client), [])

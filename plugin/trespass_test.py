# SPDX-License-Identifier: Apache-2.0
"""Only the role admin administers: every command, every way in, by others."""

import json
import os

from control_case import CONTROL, NOT_AUTHORIZED, RESPONSE, ControlCase
from control_case import enrolment

import rawmqtt
import wk

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
# What must be refused. The last two are not the plugin's own; nothing comes.
FILTERS = (CONTROL, RESPONSE, "$CONTROL/whitekey", "$CONTROL/whitekey/#",
           "$CONTROL/whitekey/+", "$CONTROL/whitekey/+/response")
WIDE = ("#", "$CONTROL/#", "$CONTROL/+/v1/response", "+/whitekey/v1/#")


class TrespassCase(ControlCase):
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

    def trespass(self, client):
        for topic in (*FILTERS, *(f"$share/g/{f}" for f in FILTERS)):
            self.assertEqual(client.subscribe(topic), NOT_AUTHORIZED, topic)
        for topic in (*WIDE, *(f"$share/g/{f}" for f in WIDE)):
            client.subscribe(topic)
        for name, members in REQUESTS.items():
            request = json.dumps({"commands": [{"command": name, **members}]})
            self.assertEqual(client.publish(CONTROL, request), NOT_AUTHORIZED)
        for qos in (0, 1, 2):
            for topic in (CONTROL, RESPONSE, "$CONTROL/whitekey/v1/x",
                          "$CONTROL/whitekey"):
                client.publish(topic, ALL, qos=qos, retain=True)
        self.unharmed(client)


class AclOffTest(TrespassCase):
    """Roles decide about no other topic."""

    ACL = "off"

    def test_device__of_another_role(self):
        self.store.enrol("gateway-1", "--role", "gateway")
        self.start()
        self.trespass(self.login(self.server, self.thermo))

    def test_device__of_a_role_that_lists_everything(self):
        self.store.cli("role", "set", "wide", "--publish", "#", "$CONTROL/#",
                       "--subscribe", "#", "$CONTROL/#")
        wide = self.store.enrol("wide", "--role", "wide")
        self.start()
        self.trespass(self.login(self.server, wide))

    def connect_with_will(self, password, topic):
        """Vanishes at once. Gives the CONNACK's code, and the log's end."""
        client = rawmqtt.Client(self.server.port, "at-thermo-1", 5)
        try:
            code = client.connect("thermo-1", password, will=(topic, ALL)).code
        except (rawmqtt.Closed, ConnectionError):
            code = None  # Mosquitto 2.0.21, to whom names $CONTROL
        mark = self.server.mark()
        client.disconnect(polite=False)
        return code, mark

    def test_will__reaches_nobody(self):
        gateway = self.store.enrol("gateway-1", "--role", "gateway")
        self.start()
        heard = self.login(self.server, gateway)
        self.assertEqual(heard.subscribe("sensors/#"), 1)
        for topic in (CONTROL, RESPONSE, "whitekey/v1/events/owner",
                      "whitekey/v1/owner/x4", "whitekey/x",
                      "sensors/thermo-1/will"):
            password = self.store.otp(self.thermo)
            code, mark = self.connect_with_will(password, topic)
            if code == 0:
                self.server.wait_log("Client at-thermo-1 closed", mark)
        heard.wait_message("sensors/thermo-1/will")  # wills are sent
        self.unharmed(heard)


class TrespassTest(AclOffTest):
    """Roles decide, whatever the acl_file opens."""

    ACL = None

    def enter(self, did, *args):
        return self.login(self.server, self.store.enrol(did, *args))

    def test_requests__are_all_there_are(self):
        path = os.path.join(wk.SOURCE, "schemas/control-request.schema.json")
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        known = set()
        for kind in schema["properties"]["commands"]["items"]["oneOf"]:
            command = kind["properties"]["command"]
            known.update(command.get("enum", [command.get("const")]))
        self.assertEqual(set(REQUESTS), known)
        self.assertFits("control-request", json.loads(ALL))

    def test_device__that_was_an_admin(self):
        former = self.store.enrol("former", "--role", "admin")
        self.start()
        client = self.login(self.server, former)
        self.assertEqual(client.subscribe(RESPONSE), 1)
        self.store.cli("set-role", "former", "device")
        self.assertSoon(NOT_AUTHORIZED, lambda: client.publish(
            CONTROL, '{"commands":[]}'))
        client.ping()
        client.messages.clear()
        self.before = self.state()
        self.trespass(client)

    def test_anonymous(self):
        self.start(config="allow_anonymous true")
        client = rawmqtt.Client(self.server.port, "guest", 5)
        self.addCleanup(client.disconnect, polite=False)
        self.assertEqual(client.connect(None, None).code, 0)
        self.trespass(client)

    def test_version_3_1_1__is_silently_refused(self):
        self.start()
        client = self.login(self.server, self.thermo, version=4)
        for topic in (*FILTERS, *(f"$share/g/{f}" for f in FILTERS)):
            self.assertEqual(client.subscribe(topic), 0x80, topic)
        for qos in (0, 1, 2):
            client.publish(CONTROL, ALL, qos=qos)
        self.unharmed(client)

    def test_will__of_who_is_not_let_in_reaches_nobody(self):
        self.start()
        for topic in (CONTROL, "whitekey/v1/events/owner"):
            code, _ = self.connect_with_will("!", topic)
            self.assertNotEqual(code, 0)
        self.unharmed()

    def test_retained__request_is_worked_off_once(self):
        self.start()
        request = '{"commands":[{"command":"getDevice","d_id":"owner"}]}'
        self.assertEqual(self.admin.publish(CONTROL, request, retain=True), 0)
        self.admin.wait_message(RESPONSE)
        later = self.enter("later", "--role", "admin")
        self.assertEqual(later.subscribe("$CONTROL/whitekey/#"), 1)
        later.ping()
        self.assertEqual(later.messages, [])

    def test_share__of_admins_takes_no_one_s_response(self):
        self.start()
        other = self.enter("other", "--role", "admin")
        other.subscribe(f"$share/g/{RESPONSE}")
        other.subscribe("$share/g/$CONTROL/whitekey/#")
        for _ in range(4):
            self.assertIn("data", self.ask("getDevice", d_id="owner"))
        other.ping()
        self.assertEqual(other.messages, [])


del TrespassCase  # it has no tests of its own


if __name__ == "__main__":
    wk.main()

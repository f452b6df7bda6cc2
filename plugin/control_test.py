# SPDX-License-Identifier: Apache-2.0
"""$CONTROL/whitekey/v1: administration through the broker."""

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


class ControlTest(wk.TestCase):
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

    def test_list__pages_by_name(self):
        self.start()
        whole = self.data("listDevices")
        self.assertEqual([d["d_id"] for d in whole["devices"]],
                         ["owner", "thermo-1"])
        self.assertNotIn("next", whole)
        first = self.data("listDevices", count=1)
        self.assertEqual(first["next"], "owner")
        rest = self.data("listDevices", count=1, after=first["next"])
        self.assertEqual([d["d_id"] for d in rest["devices"]], ["thermo-1"])
        listed = json.loads(self.store.cli("list", "--json").stdout)
        self.assertEqual(whole["devices"][1], listed[1])

    def test_change__closes_the_session_and_is_audited(self):
        self.start()
        victim = self.login(self.server, self.thermo)
        self.assertEqual(
            self.data("disableDevice", d_id="thermo-1")["device"]["state"],
            "disabled")
        victim.wait_closed()
        self.assertEqual(
            self.data("enableDevice", d_id="thermo-1")["device"]["state"],
            "enabled")
        self.login(self.server, self.thermo)
        self.assertEqual(
            self.data("revokeDevice", d_id="thermo-1")["device"]["state"],
            "revoked")
        self.server.stop()
        acts = [e for e in self.store.audit() if "by" in e]
        self.assertEqual([(e["event"], e["d_id"], e["by"]) for e in acts],
                         [(verb, "thermo-1", "owner")
                          for verb in ("disable", "enable", "revoke")])
        for event in acts:
            schema("audit-event").validate(event)

    def test_change__impossible_names_the_device(self):
        self.start()
        answer = self.ask("releaseDevice", d_id="nobody")
        self.assertIn('"nobody"', answer["error"])
        self.data("disableDevice", d_id="thermo-1")
        answer = self.ask("releaseDevice", d_id="thermo-1")
        self.assertIn('device "thermo-1" is disabled', answer["error"])

    def test_role__given_and_unknown_refused(self):
        self.start()
        device = self.data("setDeviceRole", d_id="thermo-1", role="gateway")
        self.assertEqual(device["device"]["role"], "gateway")
        answer = self.ask("setDeviceRole", d_id="thermo-1", role="pilot")
        self.assertIn('"pilot"', answer["error"])

    def test_enrol__device_made_anchors(self):
        self.start()
        document = enrolment("dongle-1")
        schema("enrolment").validate(document)
        data = self.data("enrolDevice", enrolment=document, role="gateway")
        self.assertEqual(data["generation"], 0)
        self.assertEqual(data["realm"], self.thermo.load()["realm"])
        self.assertEqual(len(data["ks"]), 43)
        shown = self.data("getDevice", d_id="dongle-1")["device"]
        self.assertEqual((shown["role"], shown["chains"]["C"]["n"]),
                         ("gateway", 256))
        answer = self.ask("enrolDevice", enrolment=document)
        self.assertIn('"dongle-1" had this anchor before', answer["error"])

    def test_enrol__broken_documents_enrol_nothing(self):
        self.start()
        good = enrolment("dongle-1")
        chain = good["chains"][0]
        for twin in ({**good, "whitekey": 2}, {**good, "d_id": "a b"},
                     {**good, "x": 1}, {**good, "chains": []},
                     {**good, "chains": [chain, chain]},
                     {**good, "bio_id": "short"},
                     {**good, "chains": [{**chain, "n": 1}]},
                     {**good, "chains": [{**chain, "anchor": "x"}]},
                     {**good, "chains": [{**chain, "role": "E"}]}):
            self.assertFalse(schema("enrolment").is_valid(twin))
            request = {"commands": [{"command": "enrolDevice",
                                     "enrolment": twin}]}
            self.assertIn("error", self.raw(json.dumps(request))[0], twin)
        self.assertIn("error", self.ask("getDevice", d_id="dongle-1"))

    def test_request__several_commands_and_correlation(self):
        self.start()
        answers = self.raw(json.dumps({"commands": [
            {"command": "getDevice", "d_id": "owner", "correlationData": "1"},
            {"command": "noSuch", "correlationData": "2"}]}))
        self.assertEqual([a["correlationData"] for a in answers], ["1", "2"])
        self.assertIn("data", answers[0])
        self.assertEqual(answers[1]["error"],
                         'there is no command "noSuch"')

    def test_request__garbage_is_answered_and_harmless(self):
        self.start()
        for payload in ("", "{", "[]", "{}", '{"commands":1}',
                        '{"commands":[1]}', '{"commands":[{}]}',
                        '{"commands":[],"x":1}', "\x00", '{"commands":'
                        '[{"command":"getDevice","d_id":"owner","x":1}]}',
                        '{"commands":[{"command":"getDevice"}]}',
                        '{"commands":[{"command":"getDevice","d_id":7}]}',
                        '{"commands":[{"command":"getDevice","d_id":"a/b"}]}',
                        '{"commands":[{"command":"listDevices","count":0}]}',
                        '{"commands":[' + ",".join(["{}"] * 65) + "]}"):
            for answer in self.raw(payload):
                self.assertIn("error", answer, payload)

    def test_response__goes_to_the_asker_alone(self):
        self.start()
        other = self.store.enrol("other", "--role", "admin")
        listener = self.login(self.server, other)
        self.assertEqual(listener.subscribe(RESPONSE), 1)
        self.data("getDevice", d_id="owner")
        listener.ping()
        self.assertEqual(listener.messages, [])

    def test_role__lost_means_refused_at_once(self):
        self.start()
        self.data("setDeviceRole", d_id="owner", role="device")
        code = 0
        for _ in range(1000):
            code = self.admin.publish(CONTROL, "{}")
            if code == NOT_AUTHORIZED:
                break
        self.assertEqual(code, NOT_AUTHORIZED)

    def test_others__refused_whatever_the_acl_file_says(self):
        acl = self.folder.write("acl", "pattern readwrite #\n"
                                "pattern readwrite $CONTROL/#\n")
        self.start(config=f"acl_file {acl}")
        client = self.login(self.server, self.thermo)
        request = json.dumps({"commands": [{"command": "listDevices"}]})
        self.assertEqual(client.publish(CONTROL, request), NOT_AUTHORIZED)
        self.assertEqual(client.subscribe(RESPONSE), NOT_AUTHORIZED)
        client.ping()
        self.assertEqual(client.messages, [])

    def test_anonymous__refused(self):
        self.start(config="allow_anonymous true")
        client = rawmqtt.Client(self.server.port, "guest", 5)
        self.addCleanup(client.disconnect, polite=False)
        client.connect(None, None)
        self.assertEqual(client.publish(CONTROL, "{}"), NOT_AUTHORIZED)

    def test_listeners__each_answers(self):
        server = self.broker(self.store, options={"acl": None}, listeners=2,
                             per_listener=True)
        for port in server.ports:
            client = rawmqtt.Client(port, "at-owner", 5)
            password = self.store.otp(self.owner)
            self.assertEqual(client.connect("owner", password).code, 0)
            client.publish(CONTROL, json.dumps(
                {"commands": [{"command": "getDevice", "d_id": "owner"}]}))
            client.wait_message(RESPONSE)
            client.disconnect()


if __name__ == "__main__":
    wk.main()

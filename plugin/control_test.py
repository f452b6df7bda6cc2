# SPDX-License-Identifier: Apache-2.0
"""$CONTROL/whitekey/v1: administration through the broker."""

import json

from control_case import CONTROL, NOT_AUTHORIZED, ControlCase
from control_case import enrolment, schema

import wk


class ControlTest(ControlCase):
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

    def test_enrol__empty_or_unknown_role_enrols_nobody(self):
        self.start()
        for role in ("", "x" * 33, "a/b", "pilot", 1):
            answer = self.raw(json.dumps({"commands": [{
                "command": "enrolDevice", "role": role,
                "enrolment": enrolment("dongle-1")}]}))[0]
            self.assertIn("role", answer["error"])
        self.assertIn("error", self.ask("getDevice", d_id="dongle-1"))

    def test_roles__made_shown_and_removed(self):
        self.start()
        lamp = {"role": "lamp", "publish": ["a/%u", "b/+"], "subscribe": []}
        self.assertEqual(self.data("setRole", **lamp), {"role": lamp})
        self.assertEqual(self.data("getRole", role="lamp"), {"role": lamp})
        lamp = {"role": "lamp", "publish": [], "subscribe": ["\u00e4/#"]}
        self.assertEqual(self.data("setRole", **lamp), {"role": lamp})
        roles = self.data("listRoles")["roles"]
        self.assertEqual([role["role"] for role in roles],
                         ["admin", "device", "gateway", "lamp"])
        local = json.loads(self.store.cli("role", "list", "--json").stdout)
        self.assertEqual(roles, local)
        self.assertEqual(self.data("removeRole", role="lamp"),
                         {"removed": "lamp"})
        self.assertIn('"lamp"', self.ask("getRole", role="lamp")["error"])
        self.server.stop()
        acts = [(e["event"], e["role"], e["by"])
                for e in self.store.audit() if "by" in e]
        self.assertEqual(acts, [("role-set", "lamp", "owner")] * 2 +
                         [("role-remove", "lamp", "owner")])

    def test_roles__impossible_changes_nothing(self):
        self.start()
        before = self.data("listRoles")
        self.assertIn('"thermo-1" has it',
                      self.ask("removeRole", role="device")["error"] +
                      self.ask("setDeviceRole", d_id="thermo-1",
                               role="gateway").get("error", "") +
                      self.ask("removeRole", role="gateway")["error"])
        for role in ({"role": "no/name"}, {"role": ""}, {"role": "x" * 33},
                     {"role": 1}, {"publish": "a"}, {"publish": [1]},
                     {"publish": ["a#"]}, {"publish": ["whitekey/#"]},
                     {"publish": ["$CONTROL/whitekey/v1"]},
                     {"publish": ["x" * 1000] * 5}, {"publish": None},
                     {"subscribe": ["a\nb"]}, {"subscribe": {"0": "a"}}):
            request = {"command": "setRole", "role": "lamp", "publish": [],
                       "subscribe": [], **role}
            answer = self.raw(json.dumps({"commands": [request]}))[0]
            self.assertIn("error", answer, role)
        self.assertEqual(self.data("listRoles"), before)

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

    def test_role__lost_means_refused_at_once(self):
        self.start()
        self.data("setDeviceRole", d_id="owner", role="device")
        code = 0
        for _ in range(1000):
            code = self.admin.publish(CONTROL, "{}")
            if code == NOT_AUTHORIZED:
                break
        self.assertEqual(code, NOT_AUTHORIZED)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""`whitekey role` and set-role: what devices may publish and subscribe."""

import json

from cli_case import CliTest, schema

import wk


class RoleTest(CliTest):
    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def role_fails(self, *args, says, code=1):
        return self.fails(*args, says=says, code=code, env=self.store.env)

    def shown(self, name):
        return json.loads(self.store.cli("role", "show", name,
                                         "--json").stdout)

    def test_list__three_roles_from_the_start(self):
        roles = json.loads(self.store.cli("role", "list", "--json").stdout)
        self.assertEqual([role["role"] for role in roles],
                         ["admin", "device", "gateway"])
        text = self.store.cli("role", "list").stdout
        self.assertIn("  publish    sensors/%u/#\n", text)

    def test_show__default_role(self):
        self.assertEqual(self.shown("device"), {
            "role": "device",
            "publish": ["sensors/%u/#", "whitekey/v1/%u/x3"],
            "subscribe": ["commands/%u/#", "whitekey/v1/%u/x4"]})

    def test_show__unknown_named(self):
        self.role_fails("role", "show", "pilot", says='no role "pilot"')

    def test_set__both_lists_replaced(self):
        self.store.cli("role", "set", "lamp", "--publish", "a/%u", "b/+",
                       "--subscribe", "c/#", "--publish", "d")
        self.assertEqual(self.shown("lamp"), {
            "role": "lamp", "publish": ["a/%u", "b/+", "d"],
            "subscribe": ["c/#"]})
        self.store.cli("role", "set", "lamp", "--subscribe", "e")
        self.assertEqual(self.shown("lamp"), {
            "role": "lamp", "publish": [], "subscribe": ["e"]})

    def test_set__bad_filter_or_name_refused(self):
        for bad in ("a#", "a/#/b", "", "a/%x", "whitekey/#", "a+"):
            self.role_fails("role", "set", "lamp", "--publish", bad, code=2,
                            says="no topic filter|a role opens only")
        self.role_fails("role", "set", "no/name", "--publish", "a", code=2,
                        says="role's name")
        self.role_fails("role", "set", "lamp", code=2, says="set needs")
        self.role_fails("role", "shw", "lamp", code=2, says='mean "show"')
        self.role_fails("role", code=2, says="list, show, set or remove")
        self.role_fails("role", "list", "--publish", "a", code=2,
                        says="for set")

    def test_remove__used_one_names_its_device(self):
        self.store.cli("role", "set", "lamp", "--publish", "a")
        self.store.enrol("lamp-1", "--role", "lamp")
        self.role_fails("role", "remove", "lamp", says='device "lamp-1" has')
        self.role_fails("role", "remove", "admin", says="stays")
        self.store.cli("set-role", "lamp-1", "device")
        self.store.cli("role", "remove", "lamp")
        self.role_fails("role", "show", "lamp", says="no role")

    def test_device__role_shown_kept_and_changed(self):
        self.store.enrol("thermo-1")
        self.store.enrol("owner", "--role", "admin")
        listed = json.loads(self.store.cli("list", "--json").stdout)
        self.assertEqual({d["d_id"]: d["role"] for d in listed},
                         {"owner": "admin", "thermo-1": "device"})
        done = self.store.cli("set-role", "thermo-1", "gateway")
        self.assertEqual(done.stdout, "thermo-1: gateway\n")
        self.assertIn("role        gateway\n",
                      self.store.cli("show", "thermo-1").stdout)

    def test_device__unknown_role_enrols_nothing(self):
        out = self.folder.path("x.credential")
        self.role_fails("enrol", "x", "--role", "pilot", "--out", out,
                        says='no role "pilot"')
        self.role_fails("show", "x", says="no device")
        self.role_fails("set-role", "x", "admin", says='no device "x"')
        self.role_fails("set-role", "x", code=2, says="which role")

    def test_audit__acts_fit_the_schema(self):
        self.store.enrol("thermo-1")
        self.store.cli("role", "set", "lamp", "--publish", "a")
        self.store.cli("set-role", "thermo-1", "lamp")
        self.store.cli("set-role", "thermo-1", "device")
        self.store.cli("role", "remove", "lamp")
        events = self.store.audit()[-4:]
        for event in events:
            schema("audit-event").validate(event)
        self.assertEqual(
            [(e["event"], e.get("d_id"), e["role"]) for e in events],
            [("role-set", None, "lamp"), ("set-role", "thermo-1", "lamp"),
             ("set-role", "thermo-1", "device"),
             ("role-remove", None, "lamp")])


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""Administration beside the broker's thread: nobody waits, and each answer
goes to who asked."""

import json
import sqlite3

from control_case import CONTROL, RESPONSE, ControlCase, enrolment

import rawmqtt
import wk


class OfficeTest(ControlCase):
    def test_change__waits_for_the_disk_beside_other_clients(self):
        self.change_beside_others()

    def test_change__beside_others_where_no_tick_answers(self):
        self.change_beside_others(per_listener=True)

    def change_beside_others(self, **settings):
        self.start(**settings)
        other = self.login(self.server, self.thermo)
        file = self.hold()
        self.publish("setRole", role="lamp", publish=["a"], subscribe=[])
        self.assertTrue(other.ping() and self.admin.ping())
        self.assertEqual(self.admin.messages, [])
        file.execute("ROLLBACK")
        answer = json.loads(self.admin.wait_message(RESPONSE).payload)
        self.assertIn("data", answer["responses"][0])
        self.assertIn("lamp", self.store.cli("role", "list").stdout)

    def hold(self):
        """The registry's write lock, as another process's change has it."""
        file = sqlite3.connect(self.store.path, isolation_level=None)
        self.addCleanup(file.close)
        file.execute("BEGIN IMMEDIATE")
        return file

    def publish(self, command, **members):
        self.admin.publish(CONTROL, json.dumps(
            {"commands": [{"command": command, **members}]}))

    def test_change__of_an_admin_who_lost_the_role_meanwhile_is_not_made(self):
        """Admitted when asked, waiting for the disk, then a device."""
        self.start()
        file = self.hold()
        self.publish("setRole", role="lamp", publish=["a"], subscribe=[])
        self.publish("listDevices")
        file.execute("UPDATE device SET role = 1 WHERE d_id = 'owner'")
        file.execute("INSERT INTO change (d_id) VALUES ('owner')")
        file.execute("COMMIT")
        for _ in range(2):
            answer = json.loads(self.admin.wait_message(RESPONSE).payload)
            self.assertFits("control-response", answer)
            self.assertEqual([r["error"] for r in answer["responses"]],
                             ['device "owner" may not administer any more'])
        self.nothing_done()
        self.server.wait_log('refused administration by client .*: device '
                             '"owner" may not administer any more')
        # The first, too, which may have been admitted before.
        self.assertSoon(2, lambda: len(self.refusals()))
        for event in self.refusals():
            self.assertEqual((event["d_id"], event["address"]),
                             ("owner", wk.HOST))

    def refusals(self):
        events = [e for e in self.store.audit() if e["event"] == "control"]
        for event in events:
            self.assertFits("audit-event", event)
            self.assertEqual(event["result"], "refused")
        return events

    def test_change__that_fails_or_is_made_is_no_refusal(self):
        self.start()
        self.assertIn("error", self.ask("getDevice", d_id="nobody"))
        self.data("getRole", role="admin")
        self.assertEqual(self.refusals(), [])

    def test_change__of_an_admin_revoked_meanwhile_is_not_made(self):
        self.start()
        file = self.hold()
        self.publish("setRole", role="lamp", publish=["a"], subscribe=[])
        self.publish("enrolDevice", enrolment=enrolment("own"), role="admin")
        file.execute("UPDATE device SET state = 3 WHERE d_id = 'owner'")
        file.execute("INSERT INTO change (d_id) VALUES ('owner')")
        file.execute("COMMIT")
        self.admin.wait_closed()
        self.server.stop()  # which waits for the request at work
        self.nothing_done()

    def nothing_done(self):
        self.assertNotIn("lamp", self.store.cli("role", "list").stdout)
        self.assertNotIn("own ", self.store.cli("list").stdout)
        self.assertEqual([e for e in self.store.audit() if "by" in e], [])

    def test_request__too_many_at_once_are_told_so(self):
        self.start()
        file = self.hold()
        for number in range(40):
            self.admin.publish(CONTROL, json.dumps({"commands": [{
                "command": "setDeviceRole", "d_id": "thermo-1",
                "role": "device", "correlationData": str(number)}]}))
        refused = self.admin.wait_message(RESPONSE)
        self.assertIn("ask again later", refused.payload.decode())
        self.server.wait_log("refused administration .*: 32 requests wait")
        file.execute("ROLLBACK")
        answers = [refused] + [self.admin.wait_message(RESPONSE)
                               for _ in range(39)]
        done = [json.loads(a.payload)["responses"][0] for a in answers]
        for answer in done:
            self.assertFits("control-response", {"responses": [answer]})
        order = [int(answer["correlationData"]) for answer in done
                 if "correlationData" in answer]
        self.assertEqual(order, list(range(len(order))))
        self.assertGreaterEqual(len(order), 32)

    def test_response__is_not_the_next_one_s_of_that_client_id(self):
        self.start()
        # Version 3.1.1: the id is free as soon as the session ended.
        asker = rawmqtt.Client(self.server.port, "desk")
        self.assertEqual(
            asker.connect("owner", self.store.otp(self.owner)).code, 0)
        file = self.hold()
        request = {"commands": [{"command": "enrolDevice",
                                 "enrolment": enrolment("dongle-1")}]}
        asker.publish(CONTROL, json.dumps(request))
        mark = self.server.mark()
        asker.disconnect()
        self.server.wait_log("Client desk.* disconnected", mark)
        thief = rawmqtt.Client(self.server.port, "desk")
        self.addCleanup(thief.disconnect, polite=False)
        password = self.store.otp(self.thermo)
        self.assertEqual(thief.connect("thermo-1", password).code, 0)
        file.execute("ROLLBACK")
        watch = self.login(self.server, self.store.enrol(
            "watch", "--role", "admin"))
        self.assertSoon(1, lambda: len([
            e for e in self.store.audit() if e.get("by") == "owner"]))
        watch.publish(CONTROL, '{"commands":[]}')
        watch.wait_message(RESPONSE)
        thief.ping()
        self.assertEqual(thief.messages, [])

    def test_response__goes_to_the_asker_alone(self):
        self.start()
        other = self.store.enrol("other", "--role", "admin")
        listener = self.login(self.server, other)
        self.assertEqual(listener.subscribe(RESPONSE), 1)
        self.data("getDevice", d_id="owner")
        listener.ping()
        self.assertEqual(listener.messages, [])

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

# SPDX-License-Identifier: Apache-2.0
"""Only the role admin administers: every command, by other connections."""

import json
import os

from control_case import ALL, CONTROL, NOT_AUTHORIZED, REQUESTS, RESPONSE
from control_case import TrespassCase

import rawmqtt
import wk

# What must be refused. The last two are not the plugin's own; nothing comes.
FILTERS = (CONTROL, RESPONSE, "$CONTROL/whitekey", "$CONTROL/whitekey/#",
           "$CONTROL/whitekey/+", "$CONTROL/whitekey/+/response")
WIDE = ("#", "$CONTROL/#", "$CONTROL/+/v1/response", "+/whitekey/v1/#")


class AclOffTest(TrespassCase):
    """Roles decide about no other topic."""

    ACL = "off"

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


class AclOnTest(AclOffTest):
    """Roles decide, whatever the acl_file opens."""

    ACL = None

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
        codes = []

        def ask():
            codes.append(client.publish(CONTROL, '{"commands":[]}'))
            return codes[-1]

        self.assertSoon(NOT_AUTHORIZED, ask)
        for _ in range(codes.count(0)):  # asked for while it was one
            client.wait_message(RESPONSE)
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


# A plugin that is asked before ours, and allows everything.
YES = """
#include <stdint.h>
#include <stdio.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
static int yes(int event, void *data, void *user) {
  return MOSQ_ERR_SUCCESS;
}
int mosquitto_plugin_version(int count, const int *versions) {
  return 5;
}
int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user,
                          struct mosquitto_opt *options, int count) {
  return mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, yes, NULL, NULL);
}
int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options,
                             int count) {
  return MOSQ_ERR_SUCCESS;
}
"""


class OtherPluginTest(TrespassCase):
    """The broker asks the first plugin alone: the request itself is looked
    at once more."""

    def start(self):
        yes = self.folder.path("yes.so")
        wk.run("gcc", "-shared", "-fPIC", "-o", yes,
               self.folder.write("yes.c", YES), check=0)
        self.server = self.broker(None, config="\n".join((
            f"plugin {yes}", f"plugin {wk.PLUGIN}",
            f"plugin_opt_registry {self.store.path}",
            f"plugin_opt_master_key_file {self.store.master}")))
        self.admin = self.login(self.server, self.owner)
        self.before = self.state()

    def test_request__of_no_admin_is_not_worked_off(self):
        self.start()
        nobody = rawmqtt.Client(self.server.port, "nobody", 5)
        self.addCleanup(nobody.disconnect, polite=False)
        self.assertEqual(nobody.connect().code, 0)
        clients = self.login(self.server, self.thermo), nobody
        for client in clients:
            mark = self.server.mark()
            self.assertLess(client.publish(CONTROL, ALL), 0x80)
            self.server.wait_log("refused administration by client "
                                 + client.client_id, mark)
        self.unharmed(*clients)
        told = [{"event": "control", "result": "refused", "d_id": "thermo-1",
                 "address": wk.HOST, "client_id": clients[0].client_id},
                {"event": "control", "result": "refused",
                 "address": wk.HOST, "client_id": "nobody"}]
        self.assertSoon(told, self.refusals)
        metrics = self.data("getMetrics")["prometheus"]
        self.assertIn("\nwhitekey_control_refused_total 2\n", metrics)

    def test_request__again_and_again_is_counted_in_the_end(self):
        self.start()
        client = self.login(self.server, self.thermo)
        for _ in range(150):
            self.assertLess(client.publish(CONTROL, ALL), 0x80)
        metrics = self.data("getMetrics")["prometheus"]
        self.assertIn("\nwhitekey_control_refused_total 150\n", metrics)
        self.assertSoon(True, lambda: any(
            e["event"] == "throttle" for e in self.store.audit()))
        self.assertLess(len(self.refusals()), 150)

    def refusals(self):
        events = [e for e in self.store.audit() if e["event"] == "control"]
        for event in events:
            self.assertFits("audit-event", event)
        return [{key: value for key, value in event.items() if key != "time"}
                for event in events]


del TrespassCase  # it has no tests of its own


if __name__ == "__main__":
    wk.main()

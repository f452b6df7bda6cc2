# SPDX-License-Identifier: Apache-2.0
"""Only the role admin administers: no message that the broker keeps does."""

from control_case import ALL, CONTROL, RESPONSE, TrespassCase

import rawmqtt
import wk


class AclOffTest(TrespassCase):
    """Roles decide about no other topic."""

    ACL = "off"

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
                self.server.wait_log("Client at-thermo-1 .*closed", mark)
        heard.wait_message("sensors/thermo-1/will")  # wills are sent
        self.unharmed(heard)


class AclOnTest(AclOffTest):
    """Roles decide, whatever the acl_file opens."""

    ACL = None

    def enter(self, did, *args):
        return self.login(self.server, self.store.enrol(did, *args))

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

# SPDX-License-Identifier: Apache-2.0
"""Last wills: a device that may not stay has no last word, others do.

The broker asks for a will's sake when it has told the plugin that the session
ended: by then only a name is left.
"""

import rawmqtt
import wk
import xmsg

# Each is used up by one way of closing a session.
DEVICES = ("copied", "disabled", "revoked", "renewed", "replaced", "lost")


class WillTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.device = {did: xmsg.Device(self.store.enrol(did))
                       for did in DEVICES}
        self.store.cli("role", "set", "ear", "--publish", "end",
                       "--subscribe", "sensors/#", "--subscribe", "end")
        self.ear = self.store.enrol("ear-1", "--role", "ear")

    def start(self, acl):
        self.server = self.broker(self.store, options={"acl": acl})
        self.listener = self.client("ear")
        self.assertEqual(self.listener.connect(
            "ear-1", self.store.otp(self.ear)).code, 0)
        for topic in ("sensors/#", "end"):
            self.assertEqual(self.listener.subscribe(topic), 1)

    def client(self, client_id, version=4):
        client = rawmqtt.Client(self.server.port, client_id, version)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def login(self, did, index, client_id, version=4, code=0, **more):
        client = self.client(client_id, version)
        self.assertEqual(client.connect(
            did, self.device[did].password(index), **more).code, code)
        return client

    def with_will(self, did, **more):
        return self.login(did, 5, f"at-{did}",
                          will=(f"sensors/{did}/gone", "w"), **more)

    def heard(self):
        """What came up to now."""
        self.listener.publish("end", "")
        self.listener.wait_message("end")
        topics = [m.topic for m in self.listener.messages]
        self.listener.messages.clear()
        return topics

    def force(self, did):
        """Makes the server close the session of a device."""
        if did == "copied":
            self.device[did].clock += 30  # made later than the accepted one
            self.login(did, 4, "copy", code=5)
        elif did == "renewed":
            self.store.cli("enrol", did, "--out", self.folder.path("again"))
        else:
            self.store.cli(did.removesuffix("d"), did)

    def assert_silent(self, acl, **more):
        self.start(acl)
        for did in ("copied", "disabled", "revoked", "renewed"):
            with self.subTest(did):
                client = self.with_will(did, **more)
                self.force(did)
                client.wait_closed()
                self.assertEqual(self.heard(), [])

    def test_will__of_a_device_that_may_not_stay_is_not_published(self):
        self.assert_silent("on")

    def test_will__nor_with_roles_off(self):
        self.assert_silent("off")

    def test_will__nor_where_a_queue_stays(self):
        self.assert_silent("off", version=5, expiry=600)

    def test_will__nor_delayed_until_then(self):
        self.start("off")
        client = self.with_will("disabled", version=5, expiry=600,
                                will_delay=1)
        client.disconnect(polite=False)
        other = self.with_will("lost", version=5, expiry=600, will_delay=1)
        other.disconnect(polite=False)
        self.force("disabled")
        self.listener.wait_message("sensors/lost/gone")
        self.assertEqual(self.heard(), [])

    def test_will__of_others_is_published(self):
        for acl in ("on", "off"):
            self.start(acl)
            index = 6 if acl == "on" else 8
            with self.subTest(acl):
                client = self.login("lost", index, "at-lost",
                                    will=("sensors/lost/gone", "w"))
                client.disconnect(polite=False)
                self.listener.wait_message("sensors/lost/gone")
                older = self.login("replaced", index, "older",
                                   will=("sensors/replaced/gone", "w"))
                self.login("replaced", index + 1, "newer")
                older.wait_closed()
                self.listener.wait_message("sensors/replaced/gone")
            self.server.stop()


if __name__ == "__main__":
    wk.main()

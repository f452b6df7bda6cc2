# SPDX-License-Identifier: Apache-2.0
"""`mosquitto_ctrl whitekey`, with the real mosquitto_ctrl."""

import json
import os

from cli_case import RemoteCase

import rawmqtt
import wk
import xmsg


class CtrlTest(RemoteCase):
    def ctrl(self, *args, check=None):
        """The real mosquitto_ctrl, which finds our module by its name."""
        return wk.run("mosquitto_ctrl", "-h", wk.HOST, "-p", self.server.port,
                      "-u", "owner", "-P", self.store.otp(self.owner),
                      "whitekey", *args, check=check,
                      env={**wk.loader_env(),
                           "LD_LIBRARY_PATH": os.path.join(wk.BUILD, "cli")})

    def test_ctrl__every_word(self):
        self.start()
        listed = json.loads(self.ctrl("list", check=0).stdout)
        self.assertEqual([d["d_id"] for d in listed["devices"]],
                         ["owner", "thermo-1"])
        for verb, state in (("disable", "disabled"), ("enable", "enabled"),
                            ("revoke", "revoked"), ("show", "revoked")):
            device = json.loads(self.ctrl(verb, "thermo-1", check=0).stdout)
            self.assertEqual(device["device"]["state"], state)
        device = json.loads(self.ctrl("set-role", "owner", "admin").stdout)
        self.assertEqual(device["device"]["role"], "admin")
        after = json.loads(self.ctrl("list", "owner").stdout)
        self.assertEqual([d["d_id"] for d in after["devices"]], ["thermo-1"])
        self.assertIn("whitekey_logins_total",
                      self.ctrl("metrics", check=0).stdout)

    def test_ctrl__releases_a_copied_device(self):
        self.start()
        device = xmsg.Device(self.thermo)
        for index in (5, 4):
            client = rawmqtt.Client(self.server.port, "c")
            client.connect("thermo-1", device.password(index))
            client.disconnect(polite=False)
            device.clock += 30  # made later than the last accepted one
        shown = json.loads(self.ctrl("show", "thermo-1").stdout)
        self.assertEqual(shown["device"]["state"], "quarantined")
        freed = json.loads(self.ctrl("release", "thermo-1").stdout)
        self.assertEqual(freed["device"]["state"], "enabled")

    def test_ctrl__roles(self):
        self.start()
        lamp = {"role": "lamp", "publish": ["a/%u", "b"], "subscribe": ["c"]}
        for words in (("set", "lamp", "--publish", "a/%u", "b",
                       "--subscribe", "c"), ("show", "lamp")):
            self.assertEqual(json.loads(self.ctrl("role", *words).stdout),
                             {"role": lamp})
        listed = json.loads(self.ctrl("role", "list").stdout)["roles"]
        self.assertEqual([role["role"] for role in listed],
                         ["admin", "device", "gateway", "lamp"])
        self.assertEqual(json.loads(self.ctrl("role", "remove",
                                              "lamp").stdout),
                         {"removed": "lamp"})
        self.assertIn('"lamp"', self.ctrl("role", "show", "lamp").stderr)

    def test_ctrl__refusal_is_told(self):
        self.start()
        self.assertIn('"nobody"', self.ctrl("show", "nobody").stderr)
        self.assertIn('"pilot"',
                      self.ctrl("set-role", "thermo-1", "pilot").stderr)

    def test_ctrl__wrong_words_connect_nowhere(self):
        self.start()
        mark = self.server.mark()
        for words in (("shw",), ("show",), ("show", "a", "b"),
                      ("set-role", "a"), ("metrics", "x"), ("role",),
                      ("role", "shw"), ("role", "show"), ("role", "set", "a"),
                      ("role", "set", "a", "b"), ("role", "list", "a"), ()):
            self.assertNotEqual(self.ctrl(*words).returncode, 0, words)
        self.assertIn("whitekey list", self.ctrl("help", check=0).stdout)
        self.assertNotIn("New connection", self.server.log(mark))


if __name__ == "__main__":
    wk.main()

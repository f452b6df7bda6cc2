# SPDX-License-Identifier: Apache-2.0
"""The same words through a broker: `whitekey --broker`."""

import json
import sqlite3

from prometheus_client.parser import text_string_to_metric_families

from cli_case import RemoteCase

import wk


class BrokerTest(RemoteCase):
    def test_list__as_on_the_file(self):
        self.start()
        for number in range(3):
            self.store.enrol(f"lamp-{number}")
        listed = json.loads(self.remote("list", "--json"))
        local = json.loads(self.store.cli("list", "--json").stdout)
        self.assertEqual([d["d_id"] for d in listed],
                         ["lamp-0", "lamp-1", "lamp-2", "owner", "thermo-1"])
        self.assertEqual(listed[-1], local[-1])
        self.assertIn("thermo-1", self.remote("list"))

    def test_list__of_more_than_a_page(self):
        self.start()
        file = sqlite3.connect(self.store.path, timeout=wk.PATIENCE)
        with file:  # what is listed opens no secret: copies will do
            columns = [row[1] for row in file.execute(
                "PRAGMA table_info(device)") if row[1] != "d_id"]
            for number in range(501):
                file.execute(
                    f"INSERT INTO device (d_id, {','.join(columns)}) SELECT"
                    f" 'lamp-{number}', {','.join(columns)} FROM device"
                    " WHERE d_id = 'thermo-1'")
        file.close()
        self.assertEqual(len(json.loads(self.remote("list", "--json"))), 503)

    def test_change__as_on_the_file(self):
        self.start()
        for verb, state in (("disable", "disabled"), ("enable", "enabled"),
                            ("revoke", "revoked")):
            self.assertEqual(self.remote(verb, "thermo-1"),
                             f"thermo-1: {state}\n")
        shown = json.loads(self.remote("show", "thermo-1", "--json"))
        self.assertEqual(shown["state"], "revoked")
        acts = [e for e in self.store.audit() if e.get("by") == "owner"]
        self.assertEqual([e["event"] for e in acts],
                         ["disable", "enable", "revoke"])

    def test_change__refused_as_on_the_file(self):
        self.start()
        self.remote_fails("enable", "nobody", says='device "nobody"')
        self.remote_fails("show", "nobody", says='device "nobody"')
        self.remote_fails("release", "bad/name", says="name", code=2)

    def test_role__set_and_unknown_refused(self):
        self.start()
        self.assertEqual(self.remote("set-role", "thermo-1", "gateway"),
                         "thermo-1: gateway\n")
        self.assertIn("role        gateway\n", self.remote("show", "thermo-1"))
        self.remote_fails("set-role", "thermo-1", "pilot", says="pilot")

    def test_role__every_verb_as_on_the_file(self):
        self.start()
        local = self.store.cli
        self.assertEqual(self.remote("role", "set", "lamp", "--publish",
                                     "lamps/%u", "a", "--subscribe", "b/#"),
                         "lamp: set\n")
        for args in (("role", "list"), ("role", "show", "lamp"),
                     ("role", "list", "--json"),
                     ("role", "show", "lamp", "--json")):
            self.assertEqual(self.remote(*args), local(*args).stdout)
        self.assertEqual(self.remote("role", "remove", "lamp"),
                         "lamp: removed\n")
        local("role", "show", "lamp", check=1)
        acts = [(e["event"], e["role"], e["by"]) for e in self.store.audit()
                if "by" in e]
        self.assertEqual(acts, [("role-set", "lamp", "owner"),
                                ("role-remove", "lamp", "owner")])

    def test_role__refused_as_on_the_file(self):
        self.start()
        self.remote_fails("role", "show", "pilot", says='no role "pilot"')
        self.remote_fails("role", "remove", "device", says="stays")
        self.remote_fails("role", "list", device=self.thermo,
                          says='"thermo-1" of the role admin')
        self.remote_fails("role", "set", "lamp", "--publish", "whitekey/#",
                          says="a role opens only", code=2)

    def test_metrics__are_prometheus_text(self):
        self.start()
        text = self.remote("metrics")
        names = {f.name for f in text_string_to_metric_families(text)}
        self.assertLessEqual({"whitekey_logins", "whitekey_devices",
                              "whitekey_login_duration_seconds"}, names)
        self.fails("metrics", says="--broker URL is needed", code=2)

    def test_login__changes_the_key_before_the_chain_ends(self):
        self.start()
        self.store.otps(self.owner, 80)
        epochs = []
        for _ in range(6):
            shown = json.loads(self.remote("show", "owner", "--json"))
            epochs.append(shown["chains"]["C"]["epoch"])
        self.assertEqual((epochs[0], epochs[-1]), (0, 1))
        self.assertEqual(self.owner.load()["chains"]["C"]["epoch"], 1)
        self.assertEqual({e["reason"] for e in self.store.audit()
                          if e["event"] == "login"}, {"ok"})

    def test_login__not_an_admin_gets_nothing(self):
        self.start()
        self.remote_fails("list", device=self.thermo,
                          says='Not authorized.* "thermo-1" of the role admin')

    def test_login__revoked_or_repeated_refused(self):
        self.start()
        self.store.cli("revoke", "owner")
        self.remote_fails("list", says="the login of owner was refused")

    def test_broker__without_proof_is_asked_nothing(self):
        impostor = self.broker()
        url = f"mqtt://{wk.HOST}:{impostor.port}"
        self.remote_fails("revoke", "thermo-1", url=url,
                          says="did not prove itself|refused")
        self.assertNotIn("Received PUBLISH", impostor.log())

    def test_broker__nobody_listening_is_named(self):
        url = f"mqtt://{wk.HOST}:{wk.free_port()}"
        self.remote_fails("list", url=url, says=url)

    def test_options__bad_ones_refused(self):
        for url in ("http://x", "mqtt://", "mqtt://h:0", "mqtt://h:99999",
                    "mqtt://h:1/x", "h"):
            self.remote_fails("list", url=url, says="not mqtt://HOST")
        self.fails("list", "--broker", "mqtt://x", code=2,
                   says="--broker and --credential go together")
        self.fails("list", "--cafile", "x", code=2, says="is for --broker")

    def test_tls__only_with_a_trusted_certificate(self):
        cert, key = self.certificate("broker", f"IP:{wk.HOST}")
        self.start(config=f"certfile {cert}\nkeyfile {key}")
        url = f"mqtts://{wk.HOST}:{self.server.port}"
        self.assertIn("thermo-1", self.remote("list", "--cafile", cert,
                                              url=url))
        self.remote("enrol", "lamp-1", "--length", "256", "--cafile", cert,
                    "--out", self.folder.path("lamp"), url=url)
        self.remote_fails("list", says=url + ": certificate verify failed",
                          url=url)
        url = url.replace(wk.HOST, "localhost")
        self.remote_fails("list", "--cafile", cert, url=url,
                          says=url + ": host name verification failed")


if __name__ == "__main__":
    wk.main()

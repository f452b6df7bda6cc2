# SPDX-License-Identifier: Apache-2.0
"""`whitekey enrol --broker`: seeds stay with who enrols."""

import json
import os

from cli_case import RemoteCase, mode

import wk
from xmsg import unb64


class EnrolTest(RemoteCase):
    def enrolled(self, did, *args):
        path = self.folder.path(f"{did}.credential")
        said = self.remote("enrol", did, "--length", "256", "--out", path,
                           *args)
        self.assertIn(f"{did}: enrolled for 256 logins", said)
        credential = wk.Credential(did, path)
        self.assertFits("credential", credential.load())
        self.assertEqual(mode(path), 0o600)
        return credential

    def logs_in(self, device, *args):
        done = wk.run("mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
                      "-u", device.did, "-P", self.store.otp(device, *args),
                      "-t", f"sensors/{device.did}/t", "-m", "1", "-q", "1")
        return done.returncode == 0

    def test_enrol__seeds_stay_and_the_device_logs_in(self):
        self.start()
        lamp = self.enrolled("lamp-1", "--role", "gateway")
        self.assertTrue(self.logs_in(lamp))
        shown = json.loads(self.remote("show", "lamp-1", "--json"))
        self.assertEqual((shown["role"], shown["generation"]), ("gateway", 0))
        seed = lamp.load()["chains"]["C"]["seed"]
        for name in os.listdir(self.folder.root):
            if name.startswith("registry"):
                with open(self.folder.path(name), "rb") as file:
                    data = file.read()
                self.assertNotIn(unb64(seed), data)
                self.assertNotIn(seed.encode(), data)
        acts = [(e["event"], e["d_id"], e["role"]) for e in self.store.audit()
                if e.get("by") == "owner"]
        self.assertEqual(acts, [("enrol", "lamp-1", "gateway")])

    def test_enrol__again_ends_the_old_credential(self):
        self.start()
        self.remote("enrol", "thermo-1", "--length", "256", "--out",
                    self.folder.path("new"))
        new = wk.Credential("thermo-1", self.folder.path("new"))
        self.assertEqual(new.load()["generation"], 1)
        self.assertFalse(self.logs_in(self.thermo))
        self.assertTrue(self.logs_in(new))

    def test_enrol__with_a_user_s_chain_apart(self):
        self.start()
        phone = self.folder.path("phone")
        door = self.enrolled("door-1", "--user-out", phone)
        self.assertTrue(self.logs_in(door, "--user-credential", phone))
        self.assertFalse(self.logs_in(door))

    def test_enrol__refused_writes_nothing(self):
        self.start()
        out = self.folder.path("out")
        for did, more, says in (("x", ("--role", "pilot"), 'no role "pilot"'),
                                ("events", (), "no device may be named")):
            self.remote_fails("enrol", did, "--out", out, *more, says=says)
        self.remote_fails("enrol", "x", "--out", out, device=self.thermo,
                          says="of the role admin")
        self.folder.write("there", "precious")
        self.remote_fails("enrol", "x", "--out", self.folder.path("there"),
                          says="never overwritten")
        self.assertFalse(os.path.exists(out))
        self.remote_fails("show", "x", says='no device "x"')

    def test_enrol__credential_that_cannot_be_written_is_taken_back(self):
        self.start()
        out = self.folder.path("out")
        thief = self.take_name(out)
        self.remote_fails("enrol", "x", "--out", out, "--length", 1 << 20,
                          says="x was revoked again: enrol it anew")
        thief.join()
        shown = json.loads(self.remote("show", "x", "--json"))
        self.assertEqual(shown["state"], "revoked")

    def test_enrol__without_tls_to_this_machine_alone(self):
        self.start()
        out = self.folder.path("out")
        # Linux connects that to this machine, but no name says so.
        url = f"mqtt://0.0.0.0:{self.server.port}"
        self.remote_fails("enrol", "x", "--out", out, url=url,
                          says="mqtts:// is needed")
        self.remote_fails("show", "x", says='no device "x"')
        self.assertFalse(os.path.exists(out))


if __name__ == "__main__":
    wk.main()

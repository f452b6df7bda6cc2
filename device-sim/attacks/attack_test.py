# SPDX-License-Identifier: Apache-2.0
"""whitekey-sim attack: the design's claims hold, and the README tells them.
"""

import glob
import json
import os
import re
import socket
import unittest
from signal import SIGINT

import wk
from attack_case import Case, readme_rows

SCRIPT = os.path.join(wk.SOURCE, "scripts", "attack.sh")


class AllTest(Case):
    """./run attack, as it is."""

    def run_script(self, *args, check=0):
        temporary = self.folder.path("tmp")
        os.mkdir(temporary)
        programs = wk.programs_folder(self.folder)
        done = wk.run(
            SCRIPT, wk.BUILD, *args, "--json", self.folder.path("report"),
            env={"TMPDIR": temporary,
                 "PATH": programs + ":" + os.environ["PATH"]}, check=check,
            timeout=200)
        self.assertEqual(os.listdir(temporary), [])
        self.assertEqual(done.stderr, "")
        return done.stdout, self.report("report")

    def check_evidence(self, row):
        if not row["shown"]:
            self.assertRegex(row["evidence"], "code 135|PINGRESP|^TLS: ")
            return
        event = json.loads(row["evidence"])
        self.assertFits("audit-event", event)
        self.assertIn(row["shown"], [event.get("reason"),
                                     event.get("result"),
                                     *event.get("alarms", ())])

    def test_all__as_the_readme_says(self):
        text, rows = self.run_script()
        self.assertIn("all as the design claims", text)
        for name, row in rows.items():
            with self.subTest(name):
                self.assertTrue(row["held"], row)
                self.assertIn(row["evidence"], text)
                self.check_evidence(row)
        self.assertEqual(
            [(name, row["has"], row["verdict"], row["shown"] or "-")
             for name, row in rows.items()], readme_rows())

    def test_list__names_what_all_tries(self):
        listed = wk.run("whitekey-sim", "attack", "list", check=0).stdout
        names = [line.split()[0] for line in listed.splitlines()[1:]]
        self.assertEqual(names, [row[0] for row in readme_rows()])

    def test_threat_model__names_each(self):
        path = os.path.join(wk.SOURCE, "docs", "threat-model.md")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual([row[0] for row in readme_rows()
                          if f"`{row[0]}`" not in text], [])

    def test_one__tells_its_steps(self):
        text, rows = self.run_script("replay")
        self.assertEqual(list(rows), ["replay"])
        for step in rows["replay"]["steps"]:
            self.assertIn(f"\n  {step}\n", text)
        self.assertIn("the device: still online", text)


class LabTest(Case):
    """What keeps attacks from being tried is told."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def fails(self, *args, says):
        done = wk.run("whitekey-sim", "attack", *args, env=self.store.env,
                      check=1)
        self.assertRegex(done.stdout + done.stderr, says)

    def states(self):
        listed = json.loads(self.store.cli("list", "--json").stdout)
        return {device["d_id"]: device["state"] for device in listed}

    def test_attack__revokes_what_it_enrolled_and_nothing_else(self):
        broker = self.broker(self.store, options={"acl": None})
        self.store.enrol("thermo-1")
        wk.run("whitekey-sim", "attack", "topic-trespass", "--port",
               broker.port, env=self.store.env, check=0)
        self.assertEqual(self.states(), {
            "thermo-1": "enabled", "sim-intruder": "revoked",
            "sim-topic-trespass": "revoked"})
        self.assertSoon(2, lambda: [
            event["event"] for event in self.store.audit()].count("revoke"))

    def test_attack__that_cannot_be_tried_revokes_too(self):
        broker = self.broker(self.registry("other"))
        self.fails("replay", "--port", broker.port, says="not tried")
        self.assertEqual(self.states(), {"sim-replay": "revoked"})

    def test_attack__at_another_registrys_broker_is_not_tried(self):
        broker = self.broker(self.registry("other"))
        self.fails("copy-second", "--port", broker.port,
                   says="(?s)not tried.*does the broker use the registry")

    def test_all__with_passwords_and_without_a_broker_of_its_own(self):
        broker = self.broker(self.store, options={"acl": None})
        done = wk.run("whitekey-sim", "attack", "all", "--port", broker.port,
                      "--json", self.folder.path("report"), "--protocol",
                      "3.1.1", env=self.store.env, check=0)
        self.assertRegex(done.stdout, "(?m)^restored-backup +left out")
        rows = self.report("report")
        self.assertEqual([(name, row["verdict"]) for name, row in rows.items()
                          if not row["held"]],
                         [("restored-backup", "left out"),
                          ("live-relay-tls", "left out")])
        self.assertEqual(set(self.states().values()), {"revoked"})

    def test_interrupt__ends_the_broker_and_leaves_nothing(self):
        temporary = self.folder.path("tmp")
        os.mkdir(temporary)
        path = wk.programs_folder(self.folder) + ":" + os.environ["PATH"]
        process = self.process(
            SCRIPT, wk.BUILD, env={"TMPDIR": temporary, "PATH": path})
        process.wait_log("^pre-play")
        port = self.port_of(temporary)
        os.kill(self.child_of(process.pid), SIGINT)
        self.assertEqual(process.wait(), 1)
        self.assertIn("interrupted", process.log())
        self.assertEqual(os.listdir(temporary), [])
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex((wk.HOST, port)), 0)

    def port_of(self, temporary):
        path, = glob.glob(os.path.join(temporary, "*", "mosquitto.conf"))
        with open(path, encoding="utf-8") as file:
            return int(re.search(r"listener (\d+)", file.read())[1])

    def child_of(self, pid):
        """The program that the script waits for."""
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as it:
            child, = it.read().split()
        return int(child)

    def test_broker__that_does_not_start_is_told(self):
        config = self.folder.write("bad.conf", "no_such_setting 1\n")
        self.fails("replay", "--port", wk.free_port(), "--broker", config,
                   says="bad.conf: ended, or does not listen")

    def test_broker__where_somebody_listens_is_told(self):
        self.fails("replay", "--port", self.broker().port, "--broker", "x",
                   says="somebody listens at its port already")


if __name__ == "__main__":
    unittest.main(verbosity=2)

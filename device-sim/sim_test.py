# SPDX-License-Identifier: Apache-2.0
"""whitekey-sim against a real broker: the fleet, its summary, its errors."""

import json
import os
import pty
import resource
import signal
import subprocess
import unittest

import wk
from sim_case import SimCase, validate


class FleetTest(SimCase):
    def check_fleet(self, protocol):
        broker = self.broker(self.store)
        watcher = self.watch(broker, 100)
        summary = self.summary(broker, "-n", 20, "-c", 5, "--rate", 100,
                               "--protocol", protocol)
        for name, want in (("connects", 20), ("verified", 20),
                           ("published", 100), ("acked", 100), ("resent", 0),
                           ("refused", 0), ("disconnects", 0)):
            self.assertEqual(summary[name], want, name)
        readings = self.readings(watcher)
        self.assertEqual(
            sorted((topic.split("/")[1], reading["seq"])
                   for topic, reading in readings),
            [(f"sim-{device:04}", seq)
             for device in range(1, 21) for seq in range(1, 6)])
        profiles = {topic.split("/")[2] for topic, _ in readings}
        self.assertEqual(profiles,
                         {"temperature", "heart-rate", "door", "power"})

    def test_fleet__mqtt_5_delivers_what_it_says(self):
        self.check_fleet("5")

    def test_fleet__mqtt_3_1_1_delivers_what_it_says(self):
        self.check_fleet("3.1.1")

    def test_fleet__hundreds_are_online_at_once(self):
        # A broker may have 1024 files open. ./run bench fleet asks for more.
        broker = self.broker(self.store)
        path = self.folder.path("summary.json")
        sim = self.process(
            "whitekey-sim", *self.arguments(broker, "-n", 900, "--rate", 0.01,
                                            "--json", path),
            env=self.store.env)
        # The first reading: the simulator has heard the answer to its login.
        self.assertSoon(
            900, lambda: broker.log().count("Received PUBLISH from sim-"))
        sim.signal(signal.SIGINT)
        self.assertEqual(sim.wait(), 0, sim.log())
        with open(path, encoding="utf-8") as file:
            measured = json.load(file)["measured"]
        self.assertEqual(measured["online_most"], 900)
        if not wk.SANITIZE:
            self.assertLess(measured["memory_mib"], 32)

    def test_seed__same_readings_again_and_others_otherwise(self):
        broker = self.broker(self.store)

        def run(seed):
            watcher = self.watch(broker, 24)
            self.sim(broker, "-n", 4, "-c", 6, "--rate", 100, "--seed", seed)
            readings = self.readings(watcher)
            for _, reading in readings:
                del reading["time"]
            return sorted(readings, key=json.dumps)

        first = run(7)
        self.assertEqual(first, run(7))
        self.assertNotEqual(first, run(8))

    def test_restart__devices_come_back_with_fresh_passwords(self):
        broker = self.broker(self.store)
        mark = broker.mark()
        sim = self.process(
            "whitekey-sim", *self.arguments(broker, "-n", 5, "-c", 30,
                                            "--rate", 20),
            env=self.store.env)
        broker.wait_log("Received PUBLISH from sim-0005", mark)
        broker.restart()
        self.assertEqual(sim.wait(), 0, sim.log())
        text = sim.log()
        summary = json.loads(text[text.index("{"):])
        self.assertGreater(summary["disconnects"], 0)
        self.assertGreaterEqual(summary["connects"],
                                5 + summary["disconnects"])
        self.assertEqual(summary["verified"], summary["connects"])
        self.assertEqual(summary["acked"], 150)
        logins = [e for e in self.store.audit() if e["event"] == "login"]
        self.assertEqual({e["reason"] for e in logins}, {"ok"})

    def test_interrupt__ends_with_a_summary(self):
        broker = self.broker(self.store)
        mark = broker.mark()
        path = self.folder.path("summary.json")
        sim = self.process(
            "whitekey-sim", *self.arguments(broker, "-n", 3, "--json", path),
            env=self.store.env)
        broker.wait_log("Received PUBLISH from sim-0003", mark)
        sim.signal(signal.SIGINT)
        self.assertEqual(sim.wait(), 0, sim.log())
        with open(path, encoding="utf-8") as file:
            summary = json.load(file)
        validate(summary)
        self.assertEqual(summary["acked"], summary["published"])

    def test_duration__ends_by_itself(self):
        broker = self.broker(self.store)
        summary = self.summary(broker, "-n", 2, "-d", 0.5, "--rate", 50,
                               "--profile", "door")
        self.assertGreaterEqual(summary["measured"]["elapsed_s"], 0.5)
        self.assertEqual(summary["profile"], "door")
        self.assertGreater(summary["acked"], 2)

    def on_terminal(self, broker, *args, **env):
        """What a run writes to a terminal that is its standard error."""
        args = [wk.program("whitekey-sim"), *map(str, self.arguments(
            broker, "-n", 2, "-d", 0.6, "--json", self.folder.path("s.json"),
            *args))]
        master, slave = pty.openpty()
        env = {**os.environ, **self.store.env, "TERM": "xterm", **env}
        sim = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL,
                               stderr=slave)
        os.close(slave)
        shown = b""
        try:
            while more := os.read(master, 65536):
                shown += more
        except OSError:
            pass  # so Linux says that nobody writes there any more
        os.close(master)
        self.assertEqual(sim.wait(wk.PATIENCE), 0, shown)
        return shown.decode()

    def test_screen__shows_the_fleet_and_leaves_nothing(self):
        shown = self.on_terminal(self.broker(self.store))
        self.assertRegex(shown, r"online +2 .*\[#{40}\].* 100 %")
        self.assertRegex(shown, r"readings +\d+ +\d+/s +p50 ")
        self.assertIn("\033[32m", shown)
        self.assertTrue(shown.endswith("\033[6A\033[J"), shown)
        # Each picture but the first is written over the last one's lines.
        pictures = shown.split("\033[?7l")
        self.assertGreater(len(pictures), 2)
        for before, after in zip(pictures[1:], pictures[2:]):
            lines = before.count("\n")
            self.assertIn(f"\033[{lines}A", before + after)

    def test_screen__no_colours_where_none_are_wanted(self):
        shown = self.on_terminal(self.broker(self.store), NO_COLOR="1")
        self.assertIn("online", shown)
        self.assertNotIn("\033[3", shown)

    def test_screen__only_on_a_terminal_that_can(self):
        broker = self.broker(self.store)
        self.assertEqual(self.on_terminal(broker, "--quiet"), "")
        self.assertEqual(self.on_terminal(broker, TERM="dumb"), "")
        self.assertEqual(self.sim(broker, "-n", 1, "-c", 1).stderr, "")


class UpdateTest(SimCase):
    def run_through(self, protocol, ends):
        """A fleet of 3 that lives through these ends of the broker."""
        broker = self.broker(self.store)
        path = self.folder.path("summary.json")
        mark = broker.mark()
        sim = self.process(
            "whitekey-sim", *self.arguments(
                broker, "-n", 3, "--rate", 20, "--update", "session",
                "--protocol", protocol, "--json", path),
            env=self.store.env)
        self.wait_readings(broker, mark)
        for number in ends:
            mark = broker.mark()
            broker.restart(number)
            self.wait_readings(broker, mark)
        sim.signal(signal.SIGINT)
        self.assertEqual(sim.wait(), 0, sim.log())
        self.assertEqual(broker.stop(), 0)
        with open(path, encoding="utf-8") as file:
            summary = json.load(file)
        validate(summary)
        self.assertEqual(summary["verified"], summary["connects"])
        self.assertEqual(summary["unverified"], 0)
        epochs = [device["chains"]["C"]["epoch"] for device in
                  json.loads(self.store.cli("list", "--json").stdout)]
        self.assertEqual(sum(epochs), summary["switches"])
        return summary

    def wait_readings(self, broker, mark):
        for device in (1, 2, 3):
            broker.wait_log(
                rf"PUBLISH from sim-000{device} .*sensors/sim-000{device}",
                mark)

    def test_update__every_second_login_switches(self):
        for protocol in ("5", "3.1.1"):
            summary = self.run_through(protocol, [signal.SIGTERM] * 4)
            self.assertEqual(summary["refused"], 0)
            self.assertEqual((summary["connects"], summary["switches"],
                              summary["updates"]), (15, 6, 9))

    def test_update__through_crashes_of_the_broker(self):
        summary = self.run_through("5", [signal.SIGKILL] * 3)
        self.assertGreaterEqual(summary["switches"], 3)
        self.assertEqual(summary["gave_up"], 0)
        reasons = {e["reason"] for e in self.store.audit()
                   if e["event"] == "login"}
        self.assertLessEqual(reasons, {"ok", "reserved", "epoch", "stale"})


class RefusedTest(SimCase):
    def test_registry__another_than_the_brokers_is_refused(self):
        broker = self.broker(self.registry("other"))
        done = self.sim(broker, "-n", 2, "-d", 0.3, check=1)
        summary = json.loads(done.stdout)
        validate(summary)
        self.assertEqual(summary["connects"], 0)
        self.assertGreaterEqual(summary["refused"], 2)
        self.assertEqual(summary["refusals"],
                         {"not authorized": summary["refused"]})
        self.assertRegex(done.stderr, "sim-0001: refused: not authorized")

    def test_broker__without_a_proof_gets_no_reading(self):
        broker = self.broker()
        summary = self.summary(broker, "-n", 1, "-d", 0.3, check=1)
        self.assertEqual(summary["published"], 0)
        self.assertEqual(summary["verified"], 0)


class ErrorTest(SimCase):
    def fails(self, status, pattern, *args):
        done = wk.run("whitekey-sim", *args, env=self.store.env, check=status)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, pattern)

    def test_port__nobody_listens(self):
        port = wk.free_port()
        self.fails(1, rf"localhost port {port}: Connection refused",
                   "-p", port, "-n", 1)

    def test_registry__missing(self):
        path = self.folder.path("nothing.db")
        self.fails(1, f"{path}: ", "--registry", path)

    def test_master_key__of_another_registry(self):
        other = self.registry("other")
        self.fails(1, "other.master.key", "--master-key", other.master)

    def test_json__cannot_be_written(self):
        broker = self.broker(self.store)
        path = self.folder.path("no/such/folder")
        self.fails(1, path, *self.arguments(broker, "-n", 1, "-c", 1,
                                            "--json", path))

    def test_profile__unknown_one_names_those_there_are(self):
        self.fails(1, "--profile window: must be temperature, heart-rate, "
                   "door, power, or mix", "--profile", "window")
        path = self.folder.write("p.json", json.dumps(
            {"profiles": [{"name": "soil", "fields": {}}]}))
        self.fails(1, "--profile door: must be soil, or mix",
                   "--profile", "door", "--profiles", path)

    def test_profiles__mistake_is_named_by_file_and_member(self):
        path = self.folder.write("p.json", json.dumps(
            {"profiles": [{"name": "soil", "sleep": -1, "fields": {}}]}))
        self.fails(1, rf'{path}: profiles\[0\]: "sleep": not a number within',
                   "--profiles", path)

    def test_bind__no_address_or_not_of_this_machine(self):
        self.fails(1, "--bind 127.0.0.: ", "--bind", "127.0.0.1,127.0.0.")
        self.fails(1, "--bind: Cannot assign", "--bind", "192.0.2.1")

    def test_devices__more_than_the_limit_of_files(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        command = ["prlimit", "--nofile=200:200",
                   wk.program("whitekey-sim"), "-n", "169"]
        # Root may raise it, where root is whole.
        if os.geteuid() == 0:
            command = ["setpriv", "--bounding-set=-sys_resource",
                       "--inh-caps=-sys_resource", *command]
        done = wk.run(*command, env=self.store.env, check=1)
        self.assertRegex(done.stderr, "--devices 169: needs 201 open files, "
                         r"the limit is 200 \(ulimit -n")
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), limits)

    def test_usage__each_mistake_is_named(self):
        for pattern, *args in (
                ("unrecognized option '--bogus'", "--bogus"),
                ("--devices 0: must be a whole number", "-n", "0"),
                ("--devices 1.5: must be a whole", "--devices", "1.5"),
                ("--port 65536: ", "-p", "65536"),
                ("--rate fast: must be a number", "--rate", "fast"),
                ("--length 255: ", "--length", "255"),
                ("--seed -1: ", "--seed=-1"),
                ("--protocol 4: must be 3.1.1 or 5", "--protocol", "4"),
                ("--rate -1: ", "--rate=-1"),
                ("--churn 101: must be a number", "--churn", "101"),
                ("--loss 51: ", "--loss", "51"),
                ("--awake 1.5: must be a whole", "--awake", "1.5"),
                ("--sleep unlimited: ", "--sleep", "unlimited"),
                ("--connrate 0: ", "--connrate", "0"),
                ("--timeout 0: ", "--timeout", "0"),
                ("--cafile and --tls-use-os-certs: one of them",
                 "--cafile", "a.pem", "--tls-use-os-certs"),
                ("--tls-port: goes with", "attack", "replay",
                 "--cafile", "a.pem"),
                ("--tls-port: goes with", "attack", "replay",
                 "--tls-port", "8883"),
                ("--tls-port: belongs to", "--tls-port", "8883"),
                ("--tls-port 0: ", "attack", "replay", "--tls-port", "0"),
                ("attack live-relay-tls: needs .*--tls-port", "attack",
                 "live-relay-tls"),
                ("--count: never ends", "-c", "1", "--rate", "0"),
                ("one of them, not both", "-c", "1", "-d", "1"),
                ("attack: which one", "attack"),
                ("attack flood: there is none", "attack", "flood"),
                ("--broker: belongs to", "--broker", "x"),
                ("needs .*--broker", "attack", "restored-backup"),
                ("more: unexpected", "attack", "replay", "more")):
            with self.subTest(args):
                self.fails(2, pattern, *args)

    def test_help__teaches(self):
        done = wk.run("whitekey-sim", "--help", check=0)
        for word in ("attack replay", "--seed", "$WHITEKEY_REGISTRY",
                     "Exit status"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)

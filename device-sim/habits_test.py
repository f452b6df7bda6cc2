# SPDX-License-Identifier: Apache-2.0
"""How the devices of whitekey-sim behave: churn, sleep, bad links, clocks."""

import json
import os
import socket
import unittest

import wk
from sim_case import SimCase, validate


class HabitsTest(SimCase):
    def decided(self, broker, *args):
        """The summary of a run, without what another run has otherwise."""
        summary = self.summary(broker, *args)
        del summary["measured"]
        return summary

    def check_seed(self, seed, other, *args):
        """seed: one that loses packets; another that loses none is quick."""
        broker = self.broker(self.store)
        args = ("-n", 8, "-c", 4, "--rate", "unlimited", "--churn", 20,
                "--sleep", 0.01, "--awake", 3, "--loss", 1, "--timeout", 2,
                "--skew", 60, "--drift", 100, "--update", "session", *args)
        first = self.decided(broker, *args, "--seed", seed)
        for name in ("left", "slept", "cut", "resent", "updates"):
            self.assertGreater(first[name], 0, name)
        self.assertEqual((first["acked"], first["gave_up"]), (32, 0))
        self.assertEqual(first, self.decided(broker, *args, "--seed", seed))
        another = self.decided(broker, *args, "--seed", other)
        self.assertNotEqual({**another, "seed": seed}, first)

    def test_seed__same_decisions_again_with_mqtt_5(self):
        self.check_seed(1, 4)

    def test_seed__same_decisions_again_with_mqtt_3_1_1(self):
        self.check_seed(11, 10, "--protocol", "3.1.1")

    def test_loss__either_way_and_every_reading_arrives(self):
        broker = self.broker(self.store)
        watcher = self.watch(broker, 6)
        summary = self.summary(broker, "-n", 6, "-c", 1, "--loss", 10,
                               "--timeout", 0.4, "--seed", 7)
        self.assertEqual(summary["acked"], 6)
        self.assertGreaterEqual(summary["unanswered"] + summary["disconnects"],
                                summary["cut"])
        self.assertEqual(len(self.readings(watcher)), 6)
        broker.stop()  # its log is whole
        # Logins that only the broker knows of: their answers got lost.
        self.assertGreater(broker.log().count("as sim-"), summary["connects"])
        # Some readings got lost, and of others the answer.
        heard = broker.log().count("Received PUBLISH from sim-")
        self.assertGreater(heard, 6)
        self.assertLess(heard, 6 + summary["resent"])

    def test_timeout__a_broker_that_is_silent_is_given_up(self):
        with socket.create_server((wk.HOST, 0)) as silent:
            done = wk.run(
                "whitekey-sim", "-p", silent.getsockname()[1], "-n", 1, "-d",
                1, "--timeout", 0.2, "--length", 256, env=self.store.env,
                check=1)
        summary = json.loads(done.stdout)
        validate(summary)
        self.assertGreater(summary["unanswered"], 0)
        self.assertEqual(summary["connects"], 0)

    def test_churn__every_reading_has_a_login_of_its_own(self):
        broker = self.broker(self.store)
        summary = self.summary(broker, "-n", 3, "-c", 4, "--rate",
                               "unlimited", "--churn", 100)
        self.assertEqual((summary["connects"], summary["left"]), (12, 9))
        self.assertEqual(summary["disconnects"], 0)
        broker.wait_log("sim-0001 closed its connection")

    def test_sleep__says_goodbye_after_so_many_readings(self):
        broker = self.broker(self.store)
        summary = self.summary(broker, "-n", 2, "-c", 6, "--rate",
                               "unlimited", "--sleep", 0.01, "--awake", 2)
        self.assertEqual((summary["connects"], summary["slept"]), (6, 4))
        self.assertNotRegex(broker.log(), "sim-0001 closed its connection")

    def test_delay__is_part_of_what_an_answer_takes(self):
        broker = self.broker(self.store)
        measured = self.summary(broker, "-n", 2, "-c", 2, "--rate",
                                "unlimited", "--delay", 200)["measured"]
        for name in ("connect_ms", "publish_ms"):
            # A half less at least, and no time of the answer's own.
            self.assertGreater(measured[name]["p50"], 100)

    def test_skew__beyond_the_brokers_patience_is_refused(self):
        broker = self.broker(self.store)
        self.summary(broker, "-n", 4, "-c", 1, "--skew", 100)
        summary = self.summary(broker, "-n", 4, "-c", 1, "--skew", 1e7,
                               check=1)
        self.assertEqual((summary["connects"], summary["gave_up"]), (0, 4))
        self.assertSoon({"ok", "clock"}, lambda: {
            e["reason"] for e in self.store.audit() if e["event"] == "login"})

    def test_rate__0_stays_silent_and_unlimited_does_not_wait(self):
        broker = self.broker(self.store)
        summary = self.summary(broker, "-n", 2, "-d", 0.3, "--rate", 0)
        self.assertEqual((summary["connects"], summary["published"]), (2, 0))
        summary = self.summary(broker, "-n", 2, "-c", 100, "--rate",
                               "unlimited")
        self.assertEqual(summary["acked"], 200)

    def test_connrate__spreads_the_logins(self):
        broker = self.broker(self.store)
        summary = self.summary(broker, "-n", 11, "-c", 1, "--connrate", 20)
        # The first comes at once, the last half a second later.
        self.assertGreaterEqual(summary["measured"]["elapsed_s"], 0.5)

    def test_bind__devices_take_the_addresses_in_turn(self):
        broker = self.broker(self.store)
        self.summary(broker, "-n", 3, "-c", 1, "--bind",
                     "127.0.0.2,127.0.0.3")
        for device, address in ((1, 2), (2, 3), (3, 2)):
            broker.wait_log(rf"New client connected from "
                            rf"127\.0\.0\.{address}:\d+ as sim-000{device}")

    def test_profiles__of_a_file_measure_what_it_says(self):
        broker = self.broker(self.store)
        path = os.path.join(wk.SOURCE, "device-sim/examples/profiles.json")
        watcher = self.watch(broker, 4)
        summary = self.summary(broker, "-n", 4, "-c", 1, "--profiles", path)
        self.assertEqual(summary["profile"], "mix")
        found = {topic: sorted(reading)
                 for topic, reading in self.readings(watcher)}
        soil = ["battery", "bed", "moisture", "seq", "time"]
        gate = ["open", "opened_by", "seq", "time"]
        self.assertEqual(found, {
            "sensors/sim-0001/soil": soil, "sensors/sim-0002/soil": soil,
            "sensors/sim-0003/soil": soil, "sensors/sim-0004/gate": gate})


if __name__ == "__main__":
    unittest.main(verbosity=2)

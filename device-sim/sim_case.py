# SPDX-License-Identifier: Apache-2.0
"""What the tests of whitekey-sim share."""

import json
import os

import jsonschema

import wk

SCHEMA = os.path.join(wk.SOURCE, "schemas", "sim-summary.schema.json")


def validate(summary):
    with open(SCHEMA, encoding="utf-8") as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(summary)


class SimCase(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.watchers = 0

    def arguments(self, broker, *args):
        return ["--port", broker.port, "--length", 256, *args]

    def sim(self, broker, *args, check=0):
        return wk.run("whitekey-sim", *self.arguments(broker, *args),
                      env=self.store.env, check=check)

    def summary(self, broker, *args, check=0):
        done = self.sim(broker, *args, check=check)
        summary = json.loads(done.stdout)
        validate(summary)
        return summary

    def watch(self, broker, count):
        """A stock subscriber that ends after so many readings."""
        self.watchers += 1
        watcher = self.store.enrol(f"watcher-{self.watchers}")
        mark = broker.mark()
        process = self.process(
            "mosquitto_sub", "-h", wk.HOST, "-p", broker.port,
            "-u", watcher.did, "-P", self.store.otp(watcher),
            "-t", "sensors/#", "-q", "1", "-C", count, "-F", "%t %p")
        broker.wait_log("Sending SUBACK", mark)
        return process

    def readings(self, watcher):
        """[(topic, reading)] in the order of arrival."""
        self.assertEqual(watcher.wait(), 0, watcher.log())
        lines = [line.split(" ", 1) for line in watcher.log().splitlines()]
        return [(topic, json.loads(text)) for topic, text in lines]

# SPDX-License-Identifier: Apache-2.0
"""`whitekey audit --follow`: nothing is missed, whatever rotation does."""

import json
import os

from cli_case import CliTest

import rawmqtt
import wk


class FollowTest(CliTest):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.path = self.store.path + ".audit.jsonl"

    def follow(self, *args):
        return self.process("whitekey", "audit", "--registry",
                            self.store.path, "--follow", *args)

    def write(self, name, path=None):
        """A line as another program writes it."""
        with open(path or self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": "now", "event": name}) + "\n")

    def events(self, process):
        return [json.loads(line)["event"]
                for line in process.log().splitlines()]

    def test_follow__old_and_new_lines(self):
        process = self.follow()
        process.wait_log("init")
        self.store.enrol("thermo-1")
        process.wait_log("enrol +thermo-1")
        self.store.cli("disable", "thermo-1")
        process.wait_log("disable +thermo-1")

    def test_follow__moved_file_is_read_to_its_end(self):
        process = self.follow("--json")
        process.wait_log("init")
        os.rename(self.path, self.path + ".1")
        self.write("late", self.path + ".1")
        process.wait_log("late")
        self.write("new")
        process.wait_log("new")
        self.assertEqual(self.events(process), ["init", "late", "new"])

    def test_follow__empty_new_file_hides_nothing_of_the_old(self):
        process = self.follow("--json")
        process.wait_log("init")
        os.rename(self.path, self.path + ".1")
        open(self.path, "w", encoding="utf-8").close()
        for name in ("late", "later"):
            self.write(name, self.path + ".1")
            process.wait_log(f'"{name}"')
        self.write("new")
        process.wait_log("new")
        self.assertEqual(self.events(process),
                         ["init", "late", "later", "new"])

    def test_follow__late_line_in_the_old_file_is_shown(self):
        """A command line was faster than the broker's reload."""
        process = self.follow("--json")
        process.wait_log("init")
        os.rename(self.path, self.path + ".1")
        for name, path in (("early", self.path), ("late", self.path + ".1"),
                           ("new", self.path)):
            self.write(name, path)
            process.wait_log(f'"{name}"')
        self.assertEqual(self.events(process),
                         ["init", "early", "late", "new"])

    def test_follow__file_emptied_in_place(self):
        process = self.follow("--json")
        process.wait_log("init")
        os.truncate(self.path, 0)
        self.write("a")
        process.wait_log('"a"')

    def test_follow__half_a_line_waits_for_the_other(self):
        process = self.follow("--json")
        process.wait_log("init")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write('{"event":"ha')
            file.flush()
            self.write("other", self.path + ".else")
            file.write('lf"}\n')
        process.wait_log("half")
        self.assertEqual(self.events(process), ["init", "half"])

    def test_follow__bad_line_is_named_and_the_rest_shown(self):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("garbage\n")
        self.write("after")
        process = self.follow()
        process.wait_log(f"{self.path}:2: not an audit event")
        process.wait_log("after")

    def test_follow__awaits_a_file_and_names_one_it_may_not_read(self):
        os.remove(self.path)
        process = self.follow("--json")
        self.write("first")
        process.wait_log("first")
        os.remove(self.path)
        os.mkdir(self.path)
        self.fails("audit", "--registry", self.store.path, "--follow",
                   says=self.path)

    def test_follow__broker_changes_over_on_reload(self):
        device = self.store.enrol("thermo-1")
        broker = self.broker(self.store)
        process = self.follow("--json")
        process.wait_log("enrol")
        for number in range(3):
            client = rawmqtt.Client(broker.port, "c")
            client.connect("thermo-1", self.store.otp(device))
            client.disconnect()
            process.wait_log(f'"index":{number + 1}')
            os.rename(self.path, f"{self.path}.{number}")
            broker.reload()
        self.assertEqual(self.events(process).count("login"), 3)


if __name__ == "__main__":
    wk.main()

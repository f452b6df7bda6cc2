# SPDX-License-Identifier: Apache-2.0
"""What the plugin counts, on $SYS, in a file, and through $CONTROL."""

import json
import os
import re
import sqlite3
import time

from prometheus_client.parser import text_string_to_metric_families

import rawmqtt
import wk

SYS = "$SYS/broker/whitekey/"


SAMPLE = re.compile(
    r'(whitekey_[a-z_]+)(?:\{(reason|alarm|le|state)="([a-z0-9+.Inf-]+)"\})?'
    r" ([0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?)")


def strict(text):
    """[(name, label's value or None, value)]: the exposition format 0.0.4 to
    the letter, and no more of it than the plugin uses."""
    assert text.endswith("\n"), text[-80:]
    lines = text[:-1].split("\n")
    samples, kinds, family = [], {}, None
    for line in lines:
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in kinds and len(line.split(" ")) > 3, line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and kind in ("counter", "gauge",
                                               "histogram"), line
            kinds[name] = kind
        else:
            name, _, value, number = SAMPLE.fullmatch(line).groups()
            of = re.sub("_(bucket|sum|count)$", "", name) \
                if kinds[family] == "histogram" else name
            assert of == family, line
            assert (kinds[of] == "counter") == of.endswith("_total"), line
            samples.append((name, value, float(number)))
    keys = [sample[:2] for sample in samples]
    assert len(set(keys)) == len(keys), "a sample twice"
    buckets = [s for s in samples if s[0].endswith("_bucket")]
    assert [s[2] for s in buckets] == sorted(s[2] for s in buckets)
    bounds = [float(s[1]) for s in buckets]
    assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf")
    return samples


def parse(text):
    """{(sample's name, label's value or None): value}, as two parsers agree:
    ours to the letter, and the one of Prometheus' own library."""
    ours = {sample[:2]: sample[2] for sample in strict(text)}
    theirs = {(s.name, next(iter(s.labels.values()), None)): s.value
              for family in text_string_to_metric_families(text)
              for s in family.samples}
    assert ours == theirs, (ours, theirs)
    return ours


def topic_of(name, label):
    """Where a sample stands below SYS."""
    name = name.removeprefix("whitekey_").removesuffix("_total")
    name = name.replace("_seconds", "")
    return name if label is None else f"{name}/{label.replace('+', '')}"


class MetricsTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner", "--role", "admin")
        self.path = self.folder.path("whitekey.prom")

    def start(self, **options):
        return self.broker(self.store, options={
            "acl": None, "sys_interval": 1, **options})

    def login(self, broker, password=None):
        client = rawmqtt.Client(broker.port, "at-owner", 5)
        self.addCleanup(client.disconnect, polite=False)
        password = password or self.store.otp(self.owner)
        answer = client.connect("owner", password)
        return client, answer.code

    def until(self, ready):
        limit = time.monotonic() + wk.PATIENCE
        while not ready():
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.05)

    def file(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                return parse(file.read())
        except FileNotFoundError:
            return {}

    def test_file__counts_logins_by_reason(self):
        broker = self.start(metrics_file=self.path)
        password = self.store.otp(self.owner)
        self.assertEqual(self.login(broker, password)[1], 0)
        self.assertNotEqual(self.login(broker, password)[1], 0)
        key = ("whitekey_logins_total", "replay")
        self.until(lambda: self.file().get(key) == 1)
        numbers = self.file()
        self.assertEqual(numbers["whitekey_logins_total", "ok"], 1)
        self.assertEqual(numbers["whitekey_logins_total", "forged"], 0)
        self.assertEqual(numbers["whitekey_devices", "enabled"], 1)
        self.assertEqual(numbers["whitekey_store_healthy", None], 1)
        self.assertEqual(
            numbers["whitekey_login_duration_seconds_count", None], 2)
        self.assertEqual(
            numbers["whitekey_login_duration_seconds_bucket", "+Inf"], 2)
        self.assertGreater(
            numbers["whitekey_login_duration_seconds_sum", None], 0)
        self.assertEqual(os.listdir(self.folder.root).count(
            "whitekey.prom.new"), 0)

    def test_file__reader_never_sees_half_of_it(self):
        self.start(metrics_file=self.path)
        seen = set()
        self.until(lambda: os.path.exists(self.path))
        while len(seen) < 3:
            with open(self.path, encoding="utf-8") as file:
                seen.add(os.fstat(file.fileno()).st_ino)
                self.assertEqual(
                    strict(file.read())[-1][:2],
                    ("whitekey_store_healthy", None))

    def test_sys__every_number_of_the_text_and_no_other(self):
        broker = self.start(metrics_file=self.path)
        client, _ = self.login(broker)
        self.until(lambda: self.file().get(
            ("whitekey_logins_total", "ok")) == 1)
        self.assertEqual(client.subscribe(SYS + "#"), 1)
        wanted = {topic_of(*key) for key in self.file()}
        self.until(lambda: client.ping() and wanted <= {
            m.topic.removeprefix(SYS) for m in client.messages})
        self.assertEqual({m.topic.removeprefix(SYS) for m in client.messages
                          if m.topic.startswith(SYS)}, wanted)

    def test_sys__is_what_the_manual_lists(self):
        path = os.path.join(wk.SOURCE, "docs/man/mosquitto_whitekey.7")
        with open(path, encoding="utf-8") as file:
            manual = re.search(r"(?s)\.Ss Metrics\n(.*?)\.Ss ",
                               file.read()).group(1)
        listed = set()
        for line in re.findall(r"(?m)^\.It Pa (.*)$", manual):
            line = re.sub(r"/ Ns Ar \w+", "", line)
            listed.update(line.split(" , "))
        self.start(metrics_file=self.path)
        self.until(self.file)
        self.assertEqual(listed, {topic_of(*key).split("/")[0]
                                  for key in self.file()})

    def test_store__lag_grows_while_nothing_can_be_written(self):
        broker = self.start(metrics_file=self.path)
        file = sqlite3.connect(self.store.path, isolation_level=None)
        self.addCleanup(file.close)
        file.execute("BEGIN IMMEDIATE")
        self.assertEqual(self.login(broker)[1], 0)
        lag = ("whitekey_store_lag_seconds", None)
        unwritten = ("whitekey_store_unwritten", None)
        self.until(lambda: self.file().get(unwritten) == 1)
        before = self.file()[lag]
        self.until(lambda: self.file()[lag] > before)
        file.execute("ROLLBACK")
        self.until(lambda: self.file()[unwritten] == 0)
        self.assertEqual(self.file()[lag], 0)

    def test_file__unwritable_is_told_once_and_harmless(self):
        path = self.folder.path("none/whitekey.prom")
        broker = self.start(metrics_file=path)
        broker.wait_log(f"plugin_opt_metrics_file: {path}: No such file")
        self.assertEqual(self.login(broker)[1], 0)
        os.mkdir(os.path.dirname(path))
        broker.wait_log("written again")
        self.assertEqual(broker.log().count("No such file"), 1)

    def test_sys__retained_and_for_admins(self):
        broker = self.start()
        client, _ = self.login(broker)
        self.assertEqual(client.subscribe(SYS + "#"), 1)
        for topic, payload in (("devices/enabled", b"1"),
                               ("store_healthy", b"1")):
            message = client.wait_message(SYS + topic)
            self.assertEqual(message.payload, payload)
        thermo = self.store.enrol("thermo-1")
        other = rawmqtt.Client(broker.port, "x", 5)
        self.addCleanup(other.disconnect, polite=False)
        other.connect("thermo-1", self.store.otp(thermo))
        self.assertEqual(other.subscribe(SYS + "#"), 0x87)

    def test_sys__interval_0_is_silent(self):
        broker = self.start(sys_interval=0)
        client, _ = self.login(broker)
        client.subscribe(SYS + "#")
        client.publish("$CONTROL/whitekey/v1", json.dumps(
            {"commands": [{"command": "getMetrics"}]}))
        message = client.wait_message("$CONTROL/whitekey/v1/response")
        self.assertEqual([m for m in client.messages
                          if m.topic.startswith(SYS)], [])
        data = json.loads(message.payload)["responses"][0]["data"]
        numbers = parse(data["prometheus"])
        self.assertEqual(numbers["whitekey_logins_total", "ok"], 1)

    def test_options__file_without_interval_refused(self):
        broker = wk.Broker(self.folder, self.store, options={
            "sys_interval": 0, "metrics_file": self.path})
        self.assertNotEqual(broker.spawn().wait(), 0)
        self.assertIn("plugin_opt_metrics_file: needs an interval",
                      broker.log())

    def test_options__bad_interval_refused(self):
        broker = wk.Broker(self.folder, self.store,
                           options={"sys_interval": "soon"})
        self.assertNotEqual(broker.spawn().wait(), 0)
        self.assertIn('plugin_opt_sys_interval: "soon" is not', broker.log())

    def test_listeners__share_their_counters(self):
        broker = self.broker(self.store, listeners=2, per_listener=True,
                             options={"acl": None})
        for port in broker.ports:
            client = rawmqtt.Client(port, "at-owner", 5)
            client.connect("owner", self.store.otp(self.owner))
            client.publish("$CONTROL/whitekey/v1", json.dumps(
                {"commands": [{"command": "getMetrics"}]}))
            message = client.wait_message("$CONTROL/whitekey/v1/response")
            client.disconnect()
        data = json.loads(message.payload)["responses"][0]["data"]
        self.assertEqual(
            parse(data["prometheus"])["whitekey_logins_total", "ok"], 2)


if __name__ == "__main__":
    wk.main()

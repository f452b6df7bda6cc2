# SPDX-License-Identifier: Apache-2.0
"""The schemas are sound, fit what the programs really write, and bite.

Each schema has documents made by the programs themselves. Broken twins are
made from these: by rule (a member left out, added, of another type) and by
hand where a rule cannot know.
"""
import copy
import glob
import json
import os
import re
import time
import unittest

import jsonschema
import yaml

import rawmqtt
import wk
from xmsg import b64

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = os.path.join(wk.SOURCE, "schemas")
SUFFIX = ".schema.json"
CLOCK_REALTIME_COARSE = 5  # clock_gettime(2); Python has no name for it


def names():
    paths = glob.glob(os.path.join(FOLDER, "*" + SUFFIX))
    return sorted(os.path.basename(path)[: -len(SUFFIX)] for path in paths)


def load(name):
    with open(os.path.join(FOLDER, name + SUFFIX), encoding="utf-8") as file:
        return json.load(file)


def validator(name):
    return jsonschema.Draft202012Validator(load(name))


def set_at(document, path, value):
    """A copy of the document with the member at the path replaced."""
    twin = copy.deepcopy(document)
    *way, last = path
    place = twin
    for step in way:
        place = place[step]
    place[last] = value
    return twin


def twins(schema, document):
    """(what was done, the broken document), by the rules of every schema."""
    for name in schema.get("required", ()):
        twin = {key: value for key, value in document.items() if key != name}
        yield f"without {name}", twin
    if schema.get("additionalProperties") is False:
        yield "with a stranger", {**document, "stranger": 1}
    for name in document:
        if name in schema.get("properties", {}):
            yield f"{name} is an object", {**document, name: {"x": {}}}
            yield f"{name} is null", {**document, name: None}
    yield "a list", [document]
    yield "a text", json.dumps(document)


def second():
    """The second as time(2) tells it, which lags behind time.time()."""
    return int(time.clock_gettime(CLOCK_REALTIME_COARSE))


def next_second():
    """Times are whole seconds, and a clone is one whose time is later."""
    now = second()
    while second() == now:
        time.sleep(0.02)


class SoundTest(unittest.TestCase):
    def test_schema__is_valid_and_says_what_it_is_for(self):
        self.assertNotEqual(names(), [])
        for name in names():
            with self.subTest(name):
                schema = load(name)
                jsonschema.Draft202012Validator.check_schema(schema)
                self.assertEqual(schema["$schema"], DIALECT)
                self.assertRegex(schema["$id"], f"{name}")
                for member in ("title", "description"):
                    self.assertGreater(len(schema[member]), 5)

    def test_schema__ids_differ(self):
        ids = [load(name)["$id"] for name in names()]
        self.assertEqual(len(set(ids)), len(ids))

    def test_schema__broken_schema_is_refused(self):
        schema = load("credential")
        schema["type"] = "objekt"
        with self.assertRaises(jsonschema.SchemaError):
            jsonschema.Draft202012Validator.check_schema(schema)


class DocumentsTest(wk.TestCase):
    def fits(self, name, documents):
        """All fit; every twin by rule is refused."""
        self.assertNotEqual(documents, [])
        schema, judge = load(name), validator(name)
        for document in documents:
            errors = [error.message for error in judge.iter_errors(document)]
            self.assertEqual(errors, [], document)
            for what, twin in twins(schema, document):
                with self.subTest(schema=name, twin=what):
                    self.assertFalse(judge.is_valid(twin), twin)

    def refuses(self, name, document, *changes):
        """changes: (path, value) that must make the document invalid."""
        judge = validator(name)
        for path, value in changes:
            with self.subTest(schema=name, path=path, value=value):
                self.assertFalse(judge.is_valid(set_at(document, path, value)))

    def credentials(self):
        registry = self.registry()
        alone = registry.enrol("thermo-1")
        user = registry.enrol("door-1", "--user")
        fresh = [alone.load(), user.load()]
        registry.otp(alone)
        return alone, [*fresh, alone.load()]

    def test_credential__as_the_cli_writes_it(self):
        self.fits("credential", self.credentials()[1])

    def test_credential__twin_is_refused_by_schema_and_program(self):
        credential, documents = self.credentials()
        good = documents[0]
        changes = [
            (("whitekey",), 2),
            (("d_id",), "a b"),
            (("d_id",), "x" * 33),
            (("realm",), b64(bytes(15))),
            (("ks",), b64(bytes(32)) + "="),
            (("ks",), b64(bytes(32))[:-1] + "B"),
            (("bio_id",), "+" * 21 + "A"),
            (("generation",), -1),
            (("generation",), 1.5),
            (("time",), 2**32),
            (("chains",), {}),
            (("chains", "E"), good["chains"]["C"]),
            (("chains", "C", "n"), 1),
            (("chains", "C", "n"), 2**20 + 1),
            (("chains", "C", "next"), 0),
            (("chains", "C", "seed"), b64(bytes(16))),
            (("chains", "C", "stranger"), 1),
        ]
        self.refuses("credential", good, *changes)
        for path, value in changes:
            with self.subTest(program="otp", path=path, value=value):
                with open(credential.path, "w", encoding="utf-8") as file:
                    json.dump(set_at(good, path, value), file)
                done = wk.run("whitekey", "otp", "--credential",
                              credential.path, check=1)
                self.assertEqual(done.stdout, "")

    def enrolment(self):
        """What a device makes, with the numbers of the test vectors."""
        path = os.path.join(wk.SOURCE, "tests/vectors/protocol-1.json")
        with open(path, encoding="utf-8") as file:
            case = json.load(file)["cases"][0]
        return {
            "whitekey": 1,
            "d_id": case["d_id"],
            "bio_id": b64(bytes.fromhex(case["bio_id"])),
            "chains": [{
                "role": "C", "epoch": 0, "n": 65536,
                "anchor": b64(bytes(range(32))),
            }],
        }

    def test_enrolment__as_a_device_makes_it(self):
        good = self.enrolment()
        chain = good["chains"][0]
        both = [chain, {**chain, "role": "D"}]
        self.fits("enrolment", [good, {**good, "chains": both}])
        self.refuses(
            "enrolment", good,
            (("d_id",), "events"),
            (("chains",), []),
            (("chains",), [chain, chain]),
            (("chains",), [{**chain, "role": "D"}]),
            (("chains", 0, "n"), 255),
            (("chains", 0, "anchor"), b64(bytes(31))),
            (("chains", 0, "seed"), b64(bytes(32))),
        )

    def test_audit_event__operators_acts(self):
        registry = self.registry()
        registry.enrol("thermo-1")
        for act in ("disable", "enable", "revoke"):
            registry.cli(act, "thermo-1")
        events = registry.audit()
        acts = ["init", "enrol", "disable", "enable", "revoke"]
        self.assertEqual([event["event"] for event in events], acts)
        self.fits("audit-event", events)
        self.refuses(
            "audit-event", events[1],
            (("time",), "2026-01-01 00:00:00"),
            (("event",), "login"),
            (("event",), "delete"),
            (("event",), "lost"),
            (("d_id",), ""),
            (("lines",), 0),
        )

    def login(self, broker, did, password):
        wk.run("mosquitto_pub", "-h", wk.HOST, "-p", broker.port, "-u", did,
               "-P", password, "-t", "a", "-m", "b", "-q", "1")

    def test_audit_event__logins(self):
        registry = self.registry()
        thermo = registry.enrol("thermo-1")
        thief = thermo.copy(self.folder.path("copy"))
        broker = self.broker(registry)
        password = registry.otp(thermo)
        self.login(broker, "thermo-1", password)
        self.login(broker, "thermo-1", password)
        self.login(broker, "nobody", password)
        self.login(broker, "thermo-1", "!")
        self.login(broker, "thermo-1", registry.otp(thermo))
        registry.otp(thief)
        next_second()
        self.login(broker, "thermo-1", registry.otp(thief))
        registry.cli("release", "thermo-1")
        # The CLI writes at once, the broker's lines come when they come.
        self.assertSoon(9, lambda: len(registry.audit()))
        events = sorted(registry.audit(), key=lambda event: event["time"])
        reasons = [event.get("reason") for event in events]
        self.assertEqual(reasons, [
            None, None, "ok", "replay", "unknown", "malformed", "ok", "clone",
            None,
        ])
        self.fits("audit-event", events)
        self.refuses(
            "audit-event", events[-2],
            (("reason",), "luck"),
            (("method",), "guess"),
            (("client_id",), "x" * 65),
            (("client_id",), "\x1b[31m"),
            (("index",), -1),
            (("alarms",), []),
            (("alarms",), ["fire"]),
            (("quarantined",), False),
        )

    def test_sim_summary__of_good_runs_and_a_refused_one(self):
        registry = self.registry()
        broker = self.broker(registry)
        stranger = self.registry("stranger")

        def run(env, *args):
            done = wk.run("whitekey-sim", "-p", broker.port, "--length", 256,
                          "-n", 2, *args, env=env)
            return json.loads(done.stdout)

        good = run(registry.env, "-c", 1)
        self.fits("sim-summary", [
            good,
            run(registry.env, "-c", 1, "--protocol", "3.1.1"),
            run(stranger.env, "-d", 0.1),
        ])
        self.refuses(
            "sim-summary", good,
            (("protocol",), "3.1"),
            (("profile",), "a/b"),
            (("connrate",), "fast"),
            (("habits", "rate"), -1),
            (("habits", "mood"), 1),
            (("devices",), 0),
            (("devices",), 1.5),
            (("measured", "elapsed_s"), -1),
            (("refusals",), {"not authorized": 0}),
            (("refusals",), {"135": 1}),
            (("measured", "connect_ms", "p50"), "fast"),
            (("measured", "connect_ms", "p95"), 1),
        )

    def test_attack_report__of_one_that_held_and_one_not_tried(self):
        registry = self.registry()
        port = self.broker(registry).port
        path = self.folder.path("report.json")

        def attack(env, *args):
            wk.run("whitekey-sim", "attack", "replay", "-p", port, "-j", path,
                   *args, env=env)
            with open(path, encoding="utf-8") as file:
                return json.load(file)

        good = attack(registry.env)
        bad = attack(self.registry("stranger").env, "--protocol", "3.1.1")
        self.fits("attack-report", [good, bad])
        for name in good["attacks"][0]:
            row = dict(good["attacks"][0])
            del row[name]
            self.refuses("attack-report", good, (("attacks", 0), row))
        self.refuses(
            "attack-report", good,
            (("protocol",), "4"),
            (("attacks",), []),
            (("attacks", 0, "verdict"), "won"),
            (("attacks", 0, "claim"), "not tried"),
            (("attacks", 0, "verdict"), "not tried"),
            (("attacks", 0, "stranger"), 1),
            (("attacks", 0, "held"), "yes"),
            (("attacks", 0, "evidence"), ""),
            (("attacks", 0, "steps", 0), 1),
        )
    def test_sim_profiles__twin_is_refused_by_schema_and_program(self):
        path = os.path.join(wk.SOURCE, "device-sim/examples/profiles.json")
        with open(path, encoding="utf-8") as file:
            good = json.load(file)
        first = ("profiles", 0)
        number = (*first, "fields", "battery")
        changes = [
            (("profiles",), []),
            ((*first, "name"), "a/b"),
            ((*first, "share"), 0),
            ((*first, "rate"), "fast"),
            ((*first, "loss"), 51),
            ((*first, "mood"), 1),
            ((*first, "fields", "time"), {"type": "boolean"}),
            ((*first, "fields", "é"), {"type": "boolean"}),
            (number, {"type": "text"}),
            ((*number, "min"), "low"),
            ((*number, "max"), 1000001),
            ((*number, "decimals"), 4),
            ((*number, "falls"), 1),
            ((*number, "every"), 0),
            ((*number, "of"), ["a"]),
            (number, {"type": "choice", "of": []}),
            (number, {"type": "choice", "of": ['"']}),
        ]
        self.fits("sim-profiles", [good])
        self.refuses("sim-profiles", good, *changes)
        registry = self.registry()
        port = self.broker(registry).port

        def run(document):
            file = self.folder.write("profiles.json", json.dumps(document))
            return wk.run("whitekey-sim", "-p", port, "-n", 2, "-c", 1,
                          "--length", 256, "--profiles", file,
                          env=registry.env)

        done = run(good)
        self.assertEqual(done.returncode, 0, done.stderr)
        for path, value in changes:
            with self.subTest(program="sim", path=path, value=value):
                done = run(set_at(good, path, value))
                self.assertEqual(done.returncode, 1)
                self.assertIn("profiles.json: ", done.stderr)

    def test_reading__of_every_simulated_sensor(self):
        registry = self.registry()
        watcher = registry.enrol("watcher")
        broker = self.broker(registry)
        mark = broker.mark()
        listener = self.process(
            "mosquitto_sub", "-h", wk.HOST, "-p", broker.port,
            "-u", watcher.did, "-P", registry.otp(watcher),
            "-t", "sensors/#", "-q", "1", "-C", "8")
        broker.wait_log("Sending SUBACK", mark)
        wk.run("whitekey-sim", "-p", broker.port, "-n", 4, "-c", 2,
               "--rate", 50, "--length", 256, env=registry.env, check=0)
        self.assertEqual(listener.wait(), 0, listener.log())
        readings = [json.loads(line) for line in listener.log().splitlines()]
        self.fits("reading", readings)
        self.refuses(
            "reading", readings[0],
            (("time",), -1),
            (("seq",), "1"),
            (("place",), {"room": "bed"}),
            (("",), 1),
        )

    def gateway(self):
        """Gives what --test-config says to a policy."""
        registry = self.registry()
        credential = registry.enrol("gateway")
        path = self.folder.path
        wk.run("whitekey-gateway", "init-key", path("key.jwk"), check=0)
        config = self.folder.write("gateway.conf", "\n".join([
            "broker mqtt://127.0.0.1:1", "subscribe sensors/+/#",
            f"credential {credential.path}", f"key {path('key.jwk')}",
            f"policy {path('policy.yaml')}", f"store {path('store.db')}",
        ]) + "\n")

        def judge(policy):
            # JSON is YAML.
            self.folder.write("policy.yaml", json.dumps(policy))
            return wk.run("whitekey-gateway", "-c", config, "--test-config")

        return judge

    def test_policy__of_the_example_fits_schema_and_program(self):
        path = os.path.join(wk.SOURCE, "gateway/examples/policy.yaml")
        with open(path, encoding="utf-8") as file:
            policy = yaml.safe_load(file)
        self.fits("policy", [policy])
        done = self.gateway()(policy)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_policy__twin_is_refused_by_schema_and_program(self):
        rule = {"topic": "a/+", "release": ["b"], "to": "public/{topic}"}
        policy = {"version": 1, "rules": [rule]}
        changes = [
            (("version",), 2),
            (("default",), "public"),
            (("stranger",), 1),
            (("rules", 0, "topic"), "a/#/b"),
            (("rules", 0, "topic"), "a+"),
            (("rules", 0, "topic"), ""),
            (("rules", 0, "release"), []),
            (("rules", 0, "release"), ["b", "b"]),
            (("rules", 0, "release"), [".b"]),
            (("rules", 0, "to"), "public/+"),
            (("rules", 0, "to"), "public/{device}"),
            (("rules", 0, "to"), "$SYS/a"),
            (("rules", 0, "stranger"), 1),
            (("rules", 0), {"topic": "a", "to": "b"}),
        ]
        self.refuses("policy", policy, *changes)
        judge = self.gateway()
        self.assertEqual(judge(policy).returncode, 0)
        for path, value in changes:
            with self.subTest(program="gateway", path=path, value=value):
                done = judge(set_at(policy, path, value))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("policy.yaml", done.stderr)

    def test_control__requests_fit_and_are_answered(self):
        requests = [{"commands": [command]} for command in (
            {"command": "listDevices", "count": 1, "after": "a"},
            {"command": "getDevice", "d_id": "owner",
             "correlationData": "1"},
            {"command": "setDeviceRole", "d_id": "owner", "role": "admin"},
            {"command": "getMetrics"})]
        self.fits("control-request", requests)
        self.refuses(
            "control-request", requests[0],
            (("commands", 0, "count"), 0),
            (("commands", 0, "d_id"), "owner"),
            (("commands", 0, "command"), "dropTables"),
            (("commands",), [requests[0]["commands"][0]] * 65),
        )
        registry = self.registry()
        owner = registry.enrol("owner", "--role", "admin")
        client = rawmqtt.Client(self.broker(registry).port, "c", 5)
        self.addCleanup(client.disconnect, polite=False)
        client.connect("owner", registry.otp(owner))
        answers = []
        for request in requests:
            client.messages.clear()
            client.publish("$CONTROL/whitekey/v1", json.dumps(request))
            message = client.wait_message("$CONTROL/whitekey/v1/response")
            answers.append(json.loads(message.payload))
        self.fits("control-response", answers)
        self.refuses(
            "control-response", answers[1],
            (("responses", 0, "error"), "both"),
            (("responses", 0, "data", "device", "state"), "lost"),
            (("responses", 0, "data", "device", "login_at"), "today"),
        )

    def test_schema__every_one_has_documents_here(self):
        with open(__file__, encoding="utf-8") as file:
            tested = set(re.findall(r'self\.fits\("([a-z-]+)"', file.read()))
        self.assertEqual(tested, set(names()))

    def gateway_takes(self, policy):
        """Whether the gateway accepts it: JSON is YAML too."""
        self.folder.write("policy.yaml", json.dumps(policy))
        done = wk.run("whitekey-gateway", "-c", self.config, "--test-config")
        return done.returncode == 0

    def set_up_gateway(self):
        key = self.folder.path("owner.jwk")
        wk.run("whitekey-gateway", "init-key", key, check=0)
        credential = self.registry().enrol("gateway").path
        self.config = self.folder.write("gateway.conf", "\n".join([
            "broker mqtt://localhost", f"key {key}",
            f"credential {credential}", "store none.db",
            "policy " + self.folder.path("policy.yaml"),
        ]))

    def test_policy__schema_and_gateway_agree(self):
        self.set_up_gateway()
        rule = {"topic": "sensors/+/#", "release": ["a", "b.c"], "to": "out"}
        good = {"version": 1, "default": "private", "rules": [rule]}
        documents = [good, {"version": 1},
                     set_at(good, ("rules", 0, "to"), "out/{topic}"),
                     set_at(good, ("rules", 0, "topic"), "#")]
        self.fits("policy", documents)
        for document in documents:
            self.assertTrue(self.gateway_takes(document), document)
        changes = [
            (("version",), 2),
            (("default",), "public"),
            (("rules",), []),
            (("rules", 0, "topic"), "a/#/b"),
            (("rules", 0, "topic"), "a+"),
            (("rules", 0, "topic"), ""),
            (("rules", 0, "release"), []),
            (("rules", 0, "release"), ["a", "a"]),
            (("rules", 0, "release"), ["a..b"]),
            (("rules", 0, "release"), [".a"]),
            (("rules", 0, "release"), ["a\"b"]),
            (("rules", 0, "to"), "out/+"),
            (("rules", 0, "to"), "{topic}"),
            (("rules", 0, "to"), "a/{topic}/b"),
            (("rules", 0, "to"), "$SYS/a"),
            (("rules", 0, "stranger"), 1),
        ]
        self.refuses("policy", good, *changes)
        for path, value in changes:
            with self.subTest(path=path, value=value):
                self.assertFalse(
                    self.gateway_takes(set_at(good, path, value)))

    def test_reading__flat_json_object(self):
        good = {"time": 1790000000, "seq": 7, "temperature": 21.5,
                "open": True, "location": "bedroom"}
        self.fits("reading", [good, {"temperature": -1}])
        self.refuses(
            "reading", good,
            (("time",), -1),
            (("seq",), 1.5),
            (("temperature",), None),
            (("temperature",), [1]),
            (("",), 1),
        )


if __name__ == "__main__":
    wk.main()

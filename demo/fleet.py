# SPDX-License-Identifier: Apache-2.0
"""The fleet, the gateway that splits its readings, and the two columns."""

import json
import os
import queue
import threading
import time

from dongle import NAME as DONGLE
from stage import HOST, PATIENCE, Failed

GATEWAY = "gateway"
PUBLIC = "cloud"  # whoever reads what is released: a dashboard, a company
OWNER = "owner"  # hears the alarms
DEVICES = 6
RATE = 0.25  # readings a second of each device
HEADINGS = ("what the broker's public side sees", "what you see")

POLICY = """\
# What no rule releases stays private: who is where, hearts, doors.
version: 1
rules:
  - topic: sensors/+/temperature
    release: [temperature, humidity]
    to: public/{topic}
  - topic: sensors/+/power
    release: [voltage, frequency]
    to: public/{topic}
"""

# The readings as devices send them are for the gateway alone: devices have
# the role "device" without being told.
ROLES = {GATEWAY: "gateway", PUBLIC: PUBLIC, OWNER: "admin"}


def enrol(stage):
    stage.must("whitekey", "role", "set", PUBLIC,
               "--subscribe", "public/#", "sealed/#")
    for name, role in ROLES.items():
        stage.must("whitekey", "enrol", name, "--role", role,
                   "--out", f"{name}.json")


def write_broker_config(stage):
    # Root would become user mosquitto, who may not read our folder.
    user = "user root\n" if os.geteuid() == 0 else ""
    stage.write("mosquitto.conf", f"""\
{user}listener {stage.port} {HOST}
allow_anonymous false
plugin {stage.plugin}
plugin_opt_registry {stage.path("registry.db")}
plugin_opt_master_key_file {stage.path("master.key")}
""")


def write_gateway_config(stage):
    stage.write("policy.yaml", POLICY)
    stage.must("whitekey-gateway", "init-key", "owner.jwk")
    stage.write("gateway.conf", f"""\
broker mqtt://{HOST}:{stage.port}
credential {stage.path(GATEWAY + ".json")}
subscribe sensors/+/#
policy {stage.path("policy.yaml")}
key {stage.path("owner.jwk")}
store {stage.path("gateway.db")}
""")


def subscribe(stage, name, *topics):
    """A queue of "TOPIC PAYLOAD" lines, by a stock mosquitto_sub."""
    password = stage.must("whitekey", "otp", "--credential", f"{name}.json")
    filters = [word for topic in topics for word in ("-t", topic)]
    child = stage.start(
        "mosquitto_sub", "-h", HOST, "-p", str(stage.port), "-u", name,
        "-P", password.strip(), "-q", "1", "-F", "%t %p", *filters, pipe=True)
    lines = queue.Queue()

    def read():
        for line in child.stdout:
            lines.put(line.rstrip("\n"))

    threading.Thread(target=read, daemon=True).start()
    return lines


def fields(payload):
    """A reading's members as a person reads them."""
    try:
        members = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(members, dict):
        return payload
    return "  ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in members.items() if name not in ("time", "seq"))


def device_of(topic):
    """sim-0001 temperature, of .../sensors/sim-0001/temperature."""
    return " ".join(topic.split("sensors/")[-1].split("/"))


class Readings:
    """What a subscriber of the public side gets, beside what the owner of the
    key makes of it."""

    def __init__(self, stage, view):
        self.stage = stage
        self.view = view
        self.seen = {"public": 0, "sealed": 0, DONGLE: 0}
        self.lines = subscribe(stage, PUBLIC, "public/#", "sealed/#")
        write_gateway_config(stage)
        self._start_gateway()
        self._start_fleet()

    def _start_gateway(self):
        child = self.stage.start("whitekey-gateway", "-c", "gateway.conf")
        self.stage.until(
            lambda: "online" in self.stage.log("whitekey-gateway"), child)
        self.view.command("whitekey-gateway -c gateway.conf",
                          "releases climate and mains, seals the rest")

    def _start_fleet(self):
        self.stage.start(
            "whitekey-sim", "--host", HOST, "--port", str(self.stage.port),
            "--devices", str(DEVICES), "--rate", str(RATE),
            "--profile", "mix", "--quiet", "--json", "fleet.summary")
        self.view.command(f"whitekey-sim --devices {DEVICES} --profile mix",
                          "each with a credential of its own")

    def show(self, seconds):
        """Prints rows for that long, and at least one of each kind."""
        self.view.heading(*HEADINGS)
        end = time.monotonic() + seconds
        limit = end + PATIENCE
        while time.monotonic() < end or 0 in self.seen.values():
            self.stage.pause()
            if time.monotonic() > limit:
                raise Failed("no readings came\n"
                             + self.stage.log("whitekey-gateway"))
            try:
                self._row(*self.lines.get(timeout=0.1).split(" ", 1))
            except queue.Empty:
                continue

    def _row(self, topic, payload):
        kind = topic.split("/")[0]
        self.seen[kind] += 1
        if device_of(topic).split()[0] == DONGLE:
            self.seen[DONGLE] += 1
        left = f"{device_of(topic)}  {payload}"
        if kind == "public":
            self.view.columns(left, fields(payload))
        else:
            self.view.columns(left, fields(self._open(payload)), "sealed")

    def _open(self, jwe):
        """Debian's jose and the owner's key: none of our programs."""
        return self.stage.must("jose", "jwe", "dec", "-i-", "-k", "owner.jwk",
                               text=jwe)

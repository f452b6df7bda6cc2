# SPDX-License-Identifier: Apache-2.0
"""How many devices whitekey-sim and one broker with our plugin keep connected.

fleet_bench.py BUILD JSON [DEVICES]: prints a table and writes the figures to
a file; exits 1 when not all were online at once, or a reading got lost, or
the simulator took more memory than it may. ./run bench fleet does this.
"""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DEVICES = 50000
FILES = 100         # that both programs open beside their connections
SECONDS = 90        # until the fleet is told to end
RATE = 0.02         # readings a second of each device
SOURCES = 4         # addresses on loopback, of some 28 000 ports each
MEMORY_MAX = 2048   # MiB of the simulator, for 50 000 devices
PATIENCE = 60


def raise_limit(wanted):
    """As many open files as the system lets us have, at most wanted."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (wanted, min(hard, wanted)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE,
                               (limit, max(hard, limit)))
            return limit
        except (ValueError, OSError):
            continue
    raise SystemExit(f"open files: no limit of {hard} can be set")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_mib(pid):
    """The most that the process ever had in memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


class Bench:
    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.port = free_port()
        self.env = {**os.environ,
                    "WHITEKEY_REGISTRY": self.path("registry.db"),
                    "WHITEKEY_MASTER_KEY": self.path("master.key")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        subprocess.run(command, env=self.env, check=True,
                       stdout=subprocess.DEVNULL)

    def start_broker(self):
        plugin = os.path.join(self.build, "plugin", "mosquitto_whitekey.so")
        lines = [
            f"listener {self.port} 127.0.0.1", "max_connections -1",
            "log_dest stderr", "log_type error", "log_type warning",
            "set_tcp_nodelay true", "allow_anonymous false",
            f"plugin {plugin}",
            f"plugin_opt_registry {self.env['WHITEKEY_REGISTRY']}",
            f"plugin_opt_master_key_file {self.env['WHITEKEY_MASTER_KEY']}",
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        with open(self.path("mosquitto.conf"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        broker = subprocess.Popen(
            [os.environ["WK_MOSQUITTO"], "-c", self.path("mosquitto.conf")])
        end = time.monotonic() + PATIENCE
        while broker.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return broker
            time.sleep(0.01)
        raise SystemExit("the broker did not start")

    def fleet(self, devices):
        sources = ",".join(f"127.0.0.{2 + i}" for i in range(SOURCES))
        self.run(os.path.join(self.build, "device-sim", "whitekey-sim"),
                 "--port", str(self.port), "--devices", str(devices),
                 "--bind", sources, "--rate", str(RATE), "--length", "256",
                 "--duration", str(SECONDS), "--json", self.path("run.json"))
        with open(self.path("run.json"), encoding="utf-8") as file:
            return json.load(file)

    def measure(self, devices):
        self.run(os.path.join(self.build, "cli", "whitekey"), "init")
        broker = self.start_broker()
        try:
            summary = self.fleet(devices)
            memory = memory_mib(broker.pid)
        finally:
            broker.send_signal(signal.SIGTERM)
            broker.wait(PATIENCE)
        return summary, memory


def figures(summary, broker_mib):
    measured = summary["measured"]
    devices = summary["devices"]
    return {
        "devices": devices,
        "online_at_once": measured["online_most"],
        "enrol_seconds": measured["enrol_s"],
        "connect_seconds": measured["online_most_s"],
        "connects_per_second": round(
            measured["online_most"] / measured["online_most_s"]),
        "simulator_mib": round(measured["memory_mib"], 1),
        "simulator_bytes_per_device": round(
            measured["memory_mib"] * 2**20 / devices),
        "broker_mib": round(broker_mib, 1),
        "readings_acknowledged": summary["acked"],
        "readings_lost": summary["published"] - summary["acked"],
        "refused": summary["refused"],
        "disconnects": summary["disconnects"],
        "connect_ms": measured["connect_ms"],
        "publish_ms": measured["publish_ms"],
    }


def good(row):
    return (row["online_at_once"] == row["devices"]
            and row["readings_lost"] == 0 and row["refused"] == 0
            and row["simulator_mib"] <= MEMORY_MAX)


def main():
    build, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    devices = int(sys.argv[3]) if len(sys.argv) > 3 else DEVICES
    room = raise_limit(devices + FILES) - FILES
    if room < devices:
        print(f"{devices} devices need {devices + FILES} open files; the "
              f"limit here lets {room} in (ulimit -n)")
        devices = room
    folder = tempfile.mkdtemp(prefix="whitekey-bench-")
    try:
        row = figures(*Bench(build, folder).measure(devices))
    finally:
        shutil.rmtree(folder)
    for name, value in row.items():
        print(f"{name.replace('_', ' '):28}{value}")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(row, file, indent=2)
    return 0 if good(row) else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""What every black-box test needs: folders, ports, brokers and our programs.

    class PluginTest(wk.TestCase):
        def test_login__fresh_password_accepted(self):
            registry = self.registry()
            thermo = registry.enrol("thermo-1")
            broker = self.broker(registry)
            password = registry.otp(thermo)

Everything that a test case makes through its own methods is stopped and
removed when it ends, and a sanitizer's report in any program's output fails
it. ctest sets the environment (cmake/tests.cmake).
"""

import json
import os
import random
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from signal import SIGHUP, SIGKILL, SIGTERM

import jsonschema

BUILD = os.environ["WK_BUILD"]
SOURCE = os.environ["WK_SOURCE"]
MOSQUITTO = os.environ["WK_MOSQUITTO"]
SANITIZE = os.environ.get("WK_SANITIZE", "")
PLUGIN = os.path.join(BUILD, "plugin", "mosquitto_whitekey.so")
HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds until an awaited event counts as missing

_PROGRAMS = {
    "whitekey": "cli",
    "whitekey-agent": "agent",
    "whitekey-dongle-sim": "firmware/sim",
    "whitekey-gateway": "gateway",
    "whitekey-sim": "device-sim",
}
_REPORT = re.compile(
    r"ERROR: (Leak|Address|Undefined)Sanitizer"
    r"|WARNING: ThreadSanitizer|runtime error:"
)


def program(name):
    """The path of one of our programs in the build tree."""
    return os.path.join(BUILD, _PROGRAMS[name], name)


def free_port():
    """A port that nobody listens on, outside the kernel's own choices.

    An outgoing connection could take a port of the ephemeral range before
    the broker does.
    """
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def check_sanitizer(output, what):
    """Raises AssertionError when output holds a sanitizer's report."""
    if _REPORT.search(output):
        raise AssertionError(f"{what}: sanitizer report\n{output}")


def run(name, *args, stdin=None, env=None, check=None, timeout=60):
    """Runs one of our programs (by name) or any other (by path or PATH).

    Gives the CompletedProcess with text output. check: the exit status that
    the test counts on, None for any.
    """
    path = program(name) if name in _PROGRAMS else name
    done = subprocess.run(
        [path, *map(str, args)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **(env or {})},
        timeout=timeout,
    )
    check_sanitizer(done.stderr, name)
    if check is not None and done.returncode != check:
        raise AssertionError(
            f"{name} {' '.join(map(str, args))}: exit {done.returncode},"
            f" not {check}\n{done.stdout}{done.stderr}"
        )
    return done


class Folder:
    """A temporary folder; path(name) names a file in it."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="whitekey-test-")

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def remove(self):
        shutil.rmtree(self.root)


# For sh -c: makes a folder read-only for the command behind it.
_READ_ONLY = ('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
              ' && exec "$@"')


def may_mount():
    """Whether a child of this process could have mounts of its own."""
    return (os.geteuid() == 0
            and run("unshare", "--mount", "true").returncode == 0)


def run_read_only(folder, name, *args, **settings):
    """As run(), for a program that finds the folder read-only: what a mode
    forbids root does all the same."""
    return run("unshare", "--mount", "sh", "-c", _READ_ONLY, folder,
               program(name), *args, **settings)


class Process:
    """A running program whose output (both streams) is kept line by line."""

    def __init__(self, argv, env=None):
        self.name = os.path.basename(argv[0])
        self.status = None
        self._lines = []
        self._more = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(env or {})},
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._more:
                self._lines.append(line)
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def log(self, start=0):
        with self._more:
            return "".join(self._lines[start:])

    def mark(self):
        """The place in the log that wait_log() may start from."""
        with self._more:
            return len(self._lines)

    def wait_log(self, pattern, start=0, timeout=PATIENCE):
        """Waits for a line that matches the regular expression."""
        search = re.compile(pattern).search

        def found():
            return next(filter(None, map(search, self._lines[start:])), None)

        with self._more:
            self._more.wait_for(lambda: found() or self._ended, timeout)
            match = found()
            text = "".join(self._lines)
        if match is None:
            raise AssertionError(f"{self.name}: no {pattern!r} in\n{text}")
        return match

    def alive(self):
        return self._process.poll() is None

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Waits for its end; gives the exit status."""
        self.status = self._process.wait(timeout)
        self._reader.join(timeout)
        self._process.stdout.close()
        check_sanitizer(self.log(), self.name)
        return self.status

    def stop(self, number=SIGTERM):
        """Ends it; gives the exit status. Fails on a sanitizer's report."""
        if self.status is not None:
            return self.status
        # Mosquitto says "running" before it sets its run flag: a signal in
        # between is lost, so it is sent again while the process lives.
        for _ in range(int(PATIENCE)):
            if self.alive():
                self.signal(number)
            try:
                return self.wait(1.0)
            except subprocess.TimeoutExpired:
                continue
        self._process.kill()
        self.wait()
        raise AssertionError(f"{self.name} did not stop\n{self.log()}")


class Credential:
    """An enrolled device's name and file."""

    def __init__(self, did, path):
        self.did = did
        self.path = path

    def copy(self, path):
        """A thief's copy of the file as it is now."""
        shutil.copy2(self.path, path)
        return Credential(self.did, path)

    def load(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)


class Registry:
    """A registry and its master key, made and used by the real CLI."""

    def __init__(self, folder, name="registry"):
        self.folder = folder
        self.path = folder.path(f"{name}.db")
        self.master = folder.path(f"{name}.master.key")
        self.cli("init")

    @property
    def env(self):
        return {
            "WHITEKEY_REGISTRY": self.path,
            "WHITEKEY_MASTER_KEY": self.master,
        }

    def cli(self, *args, check=0):
        return run("whitekey", *args, env=self.env, check=check)

    def enrol(self, did, *args, length=256):
        path = self.folder.path(f"{did}.credential")
        self.cli("enrol", did, "--length", length, "--out", path, *args)
        return Credential(did, path)

    def otp(self, credential, *args):
        """The next password."""
        return self.otps(credential, 1, *args)[0]

    def otps(self, credential, count, *args):
        done = self.cli(
            "otp", "--credential", credential.path, "--count", count, *args
        )
        return done.stdout.split()

    def audit(self):
        """Every event of the audit file, oldest first.

        A broker writes its lines beside the logins: this waits until no line
        came for a while. What must be there in the end is for assertSoon().
        """
        path, text, before = self.path + ".audit.jsonl", "", None
        while text != before:
            if before is not None:
                time.sleep(0.06)
            before = text
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except FileNotFoundError:
                pass
        return [json.loads(line) for line in text.splitlines()]



def _preload(library):
    done = run("gcc", f"-print-file-name={library}", check=0)
    return os.path.realpath(done.stdout.strip())


def _broker_env():
    """The broker is not instrumented; the sanitizer's runtime comes first."""
    if SANITIZE == "address":
        suppressions = os.path.join(SOURCE, "tests", "lib", "lsan.supp")
        return {
            "LD_PRELOAD": _preload("libasan.so"),
            # Two frames: the allocator and who called it, see lsan.supp.
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0"
            ":malloc_context_size=2",
            "LSAN_OPTIONS": f"suppressions={suppressions}"
            ":print_suppressions=0",
        }
    if SANITIZE == "thread":
        return {"LD_PRELOAD": _preload("libtsan.so")}
    return {}


def loader_env():
    """For other programs, not instrumented, that load a module of ours. Their
    own leaks are their own."""
    env = _broker_env()
    if "ASAN_OPTIONS" in env:
        env["ASAN_OPTIONS"] = "detect_leaks=0"
    return env


def preload(folder, source, **env):
    """For Broker(under=...): what it runs finds this C code before the C
    library's. env: more of its environment."""
    path = folder.path("preload.so")
    run("gcc", "-w", "-shared", "-fPIC", "-o", path,
        folder.write("preload.c", source), "-ldl", check=0)
    before = _broker_env().get("LD_PRELOAD", "")
    return ["env", f"LD_PRELOAD={before} {path}",
            *(f"{name}={value}" for name, value in env.items())]


def programs_folder(folder):
    """A folder for the front of PATH: our programs, and mosquitto started so
    that it can load the plugin of this build. For scripts that call them by
    name."""
    root = folder.path("programs")
    os.mkdir(root)
    for name in _PROGRAMS:
        os.symlink(program(name), os.path.join(root, name))
    settings = [f"{name}={shlex.quote(value)}"
                for name, value in _broker_env().items()]
    command = " ".join(["exec env", *settings, MOSQUITTO, '"$@"'])
    folder.write("programs/mosquitto", f"#!/bin/sh\n{command}\n", 0o755)
    return root


class Broker:
    """A real mosquitto on loopback with our plugin.

    registry None: without the plugin. options: the plugin's own, by name
    without plugin_opt_, added to registry, master_key_file and acl, which is
    off because most tests are not about topics (a value of None leaves one
    out). config: lines for the end of mosquitto.conf.
    listeners: how many ports; with per_listener each loads the plugin.
    under: a command that runs the broker.
    """

    def __init__(self, folder, registry=None, options=None, config="",
                 listeners=1, per_listener=False, under=()):
        self.folder = folder
        self.ports = [free_port() for _ in range(listeners)]
        self.port = self.ports[0]
        self.process = None
        self.options = {}
        if registry is not None:
            self.options["registry"] = registry.path
            self.options["master_key_file"] = registry.master
            self.options["acl"] = "off"
        self.options.update(options or {})
        self.with_plugin = registry is not None
        self.config = config
        self.per_listener = per_listener
        self.under = list(under)

    def _plugin_lines(self):
        if not self.with_plugin:
            return ["allow_anonymous true"]
        lines = [f"plugin {PLUGIN}"]
        for name, value in self.options.items():
            if value is not None:
                lines.append(f"plugin_opt_{name} {value}")
        return lines

    def _write_config(self):
        lines = ["log_dest stderr", "log_type all", "connection_messages true"]
        if os.geteuid() == 0:
            lines.append("user root")
        if self.per_listener:
            lines.append("per_listener_settings true")
        else:
            lines += self._plugin_lines()
        for port in self.ports:
            lines.append(f"listener {port} {HOST}")
            if self.per_listener:
                lines += self._plugin_lines()
        lines.append(self.config)
        name = f"mosquitto-{self.port}.conf"
        return self.folder.write(name, "\n".join(lines) + "\n")

    def spawn(self):
        """Starts it without waiting: for configurations that must fail."""
        self.process = Process(
            [*self.under, MOSQUITTO, "-c", self._write_config()],
            env=_broker_env()
        )
        return self.process

    def start(self):
        self.spawn()
        self.process.wait_log(r"mosquitto version \S+ running")
        return self

    def stop(self, number=SIGTERM):
        return self.process.stop(number)

    def restart(self, number=SIGTERM):
        """Ends it with the signal and starts it again on the same ports."""
        self.stop(number)
        return self.start()

    def reload(self):
        """SIGHUP; returns once the broker has read its configuration."""
        mark = self.process.mark()
        self.process.signal(SIGHUP)
        self.process.wait_log(r"Reloading config", mark)

    def log(self, start=0):
        return self.process.log(start)

    def mark(self):
        return self.process.mark()

    def wait_log(self, pattern, start=0, timeout=PATIENCE):
        return self.process.wait_log(pattern, start, timeout)


class TestCase(unittest.TestCase):
    """Makes what a test needs and clears it away in reverse order."""

    def assertSoon(self, want, look):
        """look() gives want: at once, or when a broker's writer got to it."""
        until = time.monotonic() + PATIENCE
        while look() != want and time.monotonic() < until:
            time.sleep(0.005)
        self.assertEqual(look(), want)

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)

    def assertFits(self, schema, document):
        """The document meets schemas/<schema>.schema.json."""
        path = os.path.join(SOURCE, "schemas", f"{schema}.schema.json")
        with open(path, encoding="utf-8") as file:
            judge = jsonschema.Draft202012Validator(json.load(file))
        errors = [error.message for error in judge.iter_errors(document)]
        self.assertEqual(errors, [], document)

    def registry(self, name="registry"):
        return Registry(self.folder, name)

    def certificate(self, file, name):
        """The paths of a certificate for that name ("DNS:localhost") that
        signs itself, and of its key."""
        cert, key = (self.folder.path(file + end) for end in (".crt", ".key"))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
            "-days", "2", "-subj", f"/CN={file}", "-addext",
            f"subjectAltName={name}", check=0)
        return cert, key

    def broker(self, registry=None, **settings):
        """A started broker; it must end with status 0."""
        broker = Broker(self.folder, registry, **settings)
        self.addCleanup(self._stop_broker, broker)
        return broker.start()

    def _stop_broker(self, broker):
        if broker.process is None:
            return
        status = broker.stop()
        if status not in (0, -SIGKILL):
            self.fail(f"broker: exit {status}\n{broker.log()}")

    def process(self, name, *args, env=None):
        """Starts one of our programs (by name) or any other (by path)."""
        path = program(name) if name in _PROGRAMS else name
        process = Process([path, *map(str, args)], env=env)
        self.addCleanup(process.stop)
        return process


def main():
    unittest.main(verbosity=2)

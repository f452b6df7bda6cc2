# SPDX-License-Identifier: Apache-2.0
"""Where the demo plays: a folder, a port, the programs it started, and their
end. Nothing that was started or written outlives the stage.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HOST = "127.0.0.1"
PATIENCE = 20.0  # seconds until a program that should be ready has failed
GRACE = 5.0  # seconds a program may take to end
# What we start ends with us, even where kill -9 leaves us no time for it.
LEASH = ("setpriv", "--pdeathsig", "KILL")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """Somebody asked for the end."""


class Failed(Exception):
    """A program did not do what the demo is there to show."""


def free_port():
    """A loopback port nobody listens on, outside the range that outgoing
    connections may take before the broker does."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Stage:
    def __init__(self, build, keep=False):
        self.keep = keep
        self.port = free_port()
        self.children = []
        self.curtain = False
        self.root = None
        self.plugin = os.path.join(build, "plugin", "mosquitto_whitekey.so")
        self.folders = [os.path.join(build, room)
                        for room in ("cli", "gateway", "device-sim",
                                     "firmware/sim")]

    def __enter__(self):
        self.handlers = {number: signal.signal(number, self._drop_curtain)
                         for number in SIGNALS}
        self.root = tempfile.mkdtemp(prefix="whitekey-demo-")
        self.env = {
            **os.environ,
            "PATH": os.pathsep.join(
                [*self.folders, os.environ["PATH"], "/usr/sbin"]),
            "WHITEKEY_REGISTRY": self.path("registry.db"),
            "WHITEKEY_MASTER_KEY": self.path("master.key"),
        }
        return self

    def _drop_curtain(self, *_):
        """On a signal. Only a flag is set: a program started at this moment
        is known and ended like the others. No threading.Event: its lock may
        be held by what was interrupted."""
        self.curtain = True

    def __exit__(self, *_):
        for child in reversed(self.children):
            self._end(child)
        if not self.keep:
            shutil.rmtree(self.root)
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    @staticmethod
    def _end(child):
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def pause(self, seconds=0.0):
        """Waits; raises Stop once somebody asked for the end."""
        end = time.monotonic() + seconds
        while not self.curtain and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
        if self.curtain:
            raise Stop

    def until(self, ready, child):
        """Waits for ready(), which the child program has to bring about."""
        limit = time.monotonic() + PATIENCE
        while not ready():
            self.pause(0.05)
            if child.poll() is not None or time.monotonic() > limit:
                name = os.path.basename(child.args[len(LEASH)])
                raise Failed(f"{name} did not start\n{self.log(name)}")

    def _find(self, name):
        path = shutil.which(name, path=self.env["PATH"])
        if path is None:
            raise Failed(f"{name} is not there: ./run demo builds it")
        return path

    def _command(self, argv):
        return [*LEASH, self._find(argv[0]), *argv[1:]]

    def start(self, *argv, pipe=False):
        """Starts a program that stays; what it says goes to NAME.log, or
        its output to a pipe."""
        with open(self.path(f"{argv[0]}.log"), "ab") as log:
            child = subprocess.Popen(
                self._command(argv), cwd=self.root,
                env=self.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else log, stderr=log,
                text=True, errors="replace",
                start_new_session=True)  # Ctrl-C is for us alone
        self.children.append(child)
        return child

    def end(self, child):
        """Before the others."""
        self.children.remove(child)
        self._end(child)

    def log(self, name):
        with open(self.path(f"{name}.log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def run(self, *argv, text=None):
        """A program that ends by itself: (exit status, its output)."""
        self.pause()
        done = subprocess.run(
            self._command(argv), cwd=self.root, env=self.env,
            input=text or "",
            capture_output=True, text=True, errors="replace",
            start_new_session=True, timeout=PATIENCE)
        self.pause()  # before its session began Ctrl-C was for it, too
        return done.returncode, done.stdout + done.stderr

    def must(self, *argv, text=None):
        """The output of a program that has to succeed."""
        status, output = self.run(*argv, text=text)
        if status != 0:
            raise Failed(f"{' '.join(argv)}: exit {status}\n{output}")
        return output

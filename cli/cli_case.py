# SPDX-License-Identifier: Apache-2.0
"""What the tests of `whitekey` share."""

import ctypes
import json
import os
import stat
import threading

import jsonschema

import wk
from xmsg import unb64

IN_DELETE = 0x200  # inotify(7)


def index_of(password):
    """The index in the header of the password's X1 message."""
    return int.from_bytes(unb64(password.split(".")[0])[6:10], "big")


def schema(name):
    path = os.path.join(wk.SOURCE, "schemas", f"{name}.schema.json")
    with open(path, encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class CliTest(wk.TestCase):
    def fails(self, *args, says, code=1, env=None):
        """Runs it; it must end with code and a line that says so."""
        done = wk.run("whitekey", *args, env=env, check=code)
        self.assertRegex(done.stderr, says)
        self.assertEqual(done.stdout, "")
        return done

    def take_name(self, path):
        """Puts a folder there as soon as enrol's try of the name is removed;
        the longest chain gives time for it. Join what this returns."""
        libc = ctypes.CDLL(None, use_errno=True)
        watch = libc.inotify_init()
        self.addCleanup(os.close, watch)
        libc.inotify_add_watch(watch, os.path.dirname(path).encode(),
                               IN_DELETE)
        name = os.path.basename(path).encode() + b"\0"

        def take():
            while name not in os.read(watch, 4096):
                pass
            os.mkdir(path)

        thief = threading.Thread(target=take)
        thief.start()
        return thief


class RemoteCase(CliTest):
    """A registry with an admin, "owner", and "thermo-1"; start() a broker."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner", "--role", "admin")
        self.thermo = self.store.enrol("thermo-1")

    def start(self, **settings):
        self.server = self.broker(self.store, options={"acl": None},
                                  **settings)
        self.url = f"mqtt://{wk.HOST}:{self.server.port}"

    def where(self, device=None, url=None):
        return ("--broker", url or self.url, "--credential",
                (device or self.owner).path)

    def remote(self, *args, **where):
        done = wk.run("whitekey", *args, *self.where(**where), check=0)
        return done.stdout

    def remote_fails(self, *args, says, code=1, **where):
        return self.fails(*args, *self.where(**where), says=says, code=code)

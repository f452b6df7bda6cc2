# SPDX-License-Identifier: Apache-2.0
"""The examples, built as an outsider does, against the installed library: each
gets in again after its broker was restarted, with a password of its own."""

import glob
import os
import shlex
import shutil
import sys
import unittest

import wk

EXAMPLES = os.path.join(wk.SOURCE, "examples")
NODE = os.path.join(wk.SOURCE, "tests", "node", "node_modules")
SANITIZED = {"": [], "address": ["-fsanitize=address,undefined"],
             "thread": ["-fsanitize=thread"]}[wk.SANITIZE]


class ExamplesTest(wk.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.outside = wk.Folder()
        cls.addClassCleanup(cls.outside.remove)
        cls.prefix = cls.outside.path("usr")
        for part in ("client", "cli"):
            wk.run("cmake", "--install", os.path.join(wk.BUILD, part),
                   "--prefix", cls.prefix, check=0)
        pc = glob.glob(cls.prefix + "/lib/**/whitekey-client.pc",
                       recursive=True)
        cls.pc_folder = os.path.dirname(pc[0])
        cls.lib = os.path.dirname(cls.pc_folder)

    def setUp(self):
        super().setUp()
        self.devices = self.registry()
        self.thermo = self.devices.enrol("thermo-1")
        self.server = self.broker(self.devices)

    def cc(self, name, *libraries):
        """Compiles an example by what pkg-config says."""
        flags = wk.run(
            "pkg-config", "--define-variable=prefix=" + self.prefix,
            "--cflags", "--libs", "whitekey-client", check=0,
            env={"PKG_CONFIG_PATH": self.pc_folder}).stdout
        program = self.folder.path(name)
        wk.run("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *SANITIZED,
               os.path.join(EXAMPLES, name + ".c"), "-o", program,
               *shlex.split(flags), *libraries, check=0)
        return program

    def start(self, *argv):
        env = {"LD_LIBRARY_PATH": self.lib, "NODE_PATH": NODE,
               "PATH": wk.programs_folder(self.folder) + ":"
               + os.environ["PATH"]}
        return self.process(*argv, env=env)

    def logins(self):
        return [(event["reason"], event["index"])
                for event in self.devices.audit() if event["event"] == "login"]

    def comes_back(self, client, word):
        """Restarts the broker; two logins, each with an index of its own."""
        client.wait_log(rf"^{word}$")
        mark = client.mark()
        self.server.restart()
        client.wait_log(rf"^{word}$", mark)
        self.assertSoon({"ok"},
                        lambda: {reason for reason, _ in self.logins()})
        indices = [index for _, index in self.logins()]
        self.assertEqual(len(set(indices)), 2, indices)

    def test_paho_async__comes_back_by_itself(self):
        program = self.cc("paho_async", "-lpaho-mqtt3as")
        client = self.start(program, f"mqtt://{wk.HOST}:{self.server.port}",
                            self.thermo.path)
        self.comes_back(client, "proven")
        self.assertEqual(client.stop(), 0)
        self.assertNotIn("reserved", self.thermo.load())

    def test_libmosquitto_loop__comes_back_by_itself(self):
        program = self.cc("libmosquitto_loop", "-lmosquitto")
        client = self.start(program, wk.HOST, self.server.port,
                            self.thermo.path)
        self.comes_back(client, "proven")
        self.assertEqual(client.stop(), 0)

    def test_libmosquitto_loop__unproven_broker_is_refused(self):
        open_to_all = self.broker()
        program = self.cc("libmosquitto_loop", "-lmosquitto")
        client = self.start(program, wk.HOST, open_to_all.port,
                            self.thermo.path)
        client.wait_log("^refused$")
        self.assertNotIn("proven", client.log())

    def test_npm_mqtt__comes_back_by_itself(self):
        client = self.start(shutil.which("node"),
                            os.path.join(EXAMPLES, "npm_mqtt.js"),
                            self.server.port, self.thermo.path)
        self.comes_back(client, "connected")

    def test_paho_python__comes_back_by_itself(self):
        client = self.start(sys.executable,
                            os.path.join(EXAMPLES, "paho_python.py"),
                            wk.HOST, self.server.port, self.thermo.path)
        self.comes_back(client, "connected")

    def test_cmake__finds_the_package(self):
        build = self.folder.path("build")
        flags = shlex.join(SANITIZED)
        wk.run("cmake", "-S", EXAMPLES, "-B", build, "-G", "Ninja",
               "-DCMAKE_PREFIX_PATH=" + self.prefix,
               "-DCMAKE_C_FLAGS=" + flags, check=0)
        wk.run("cmake", "--build", build, check=0)
        client = self.start(os.path.join(build, "libmosquitto_loop"), wk.HOST,
                            self.server.port, self.thermo.path)
        client.wait_log("^proven$")

    def test_library__shows_its_interface_and_nothing_else(self):
        library = os.path.realpath(
            os.path.join(self.lib, "libwhitekey-client.so.0"))
        names = wk.run("nm", "--dynamic", "--defined-only", library,
                       check=0).stdout.split()[2::3]
        self.assertIn("wk_device_open", names)
        self.assertEqual(
            [name for name in names if not name.startswith("wk_device_")], [])
        headers = os.listdir(os.path.join(self.prefix, "include", "whitekey"))
        self.assertEqual(headers, ["device.h"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""The installed library, and programs that outsiders build against it: the
examples get in again after their broker was restarted, each with a password of
its own."""

import base64
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


BUSY = 3  # enum wk_device_result


class InstalledTest(wk.TestCase):
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

    def cc(self, source, *libraries, archive=False):
        """Compiles a program by what pkg-config says; archive: for machines
        without the shared library."""
        define = ["--define-variable=prefix=" + self.prefix]
        if archive:
            alone = self.folder.path("archive")
            os.makedirs(alone, exist_ok=True)
            shutil.copy(os.path.join(self.lib, "libwhitekey-client.a"), alone)
            define += ["--static", "--define-variable=libdir=" + alone]
        flags = wk.run("pkg-config", *define, "--cflags", "--libs",
                       "whitekey-client", check=0,
                       env={"PKG_CONFIG_PATH": self.pc_folder}).stdout
        program = self.folder.path(os.path.basename(source)[:-2])
        wk.run("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *SANITIZED,
               source, "-o", program, *shlex.split(flags), *libraries,
               check=0)
        return program


class ExamplesTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def example(self, name, *libraries):
        return self.cc(os.path.join(EXAMPLES, name + ".c"), *libraries)

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
        program = self.example("paho_async", "-lpaho-mqtt3as")
        client = self.start(program, f"mqtt://{wk.HOST}:{self.server.port}",
                            self.thermo.path)
        self.comes_back(client, "proven")
        self.assertEqual(client.stop(), 0)
        self.assertNotIn("reserved", self.thermo.load())

    def test_libmosquitto_loop__comes_back_by_itself(self):
        program = self.example("libmosquitto_loop", "-lmosquitto")
        client = self.start(program, wk.HOST, self.server.port,
                            self.thermo.path)
        self.comes_back(client, "proven")
        self.assertEqual(client.stop(), 0)

    def test_libmosquitto_loop__unproven_broker_is_refused(self):
        open_to_all = self.broker()
        program = self.example("libmosquitto_loop", "-lmosquitto")
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


class LibraryTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.env = {"LD_LIBRARY_PATH": self.lib}

    def outsider(self, **how):
        return self.cc(os.path.join(wk.SOURCE, "tests", "outsider.c"), **how)

    def passwords(self, program, reserve, count):
        return wk.run(program, self.thermo.path, reserve, count, check=0,
                      env=self.env).stdout.split()

    @staticmethod
    def index(password):
        """Protocol section 3: version, type, epoch, index."""
        data = base64.urlsafe_b64decode(password + "==")
        return int.from_bytes(data[6:10], "big")

    def test_pkg_config__links_the_archive_too(self):
        self.server = self.broker(self.devices)
        program = self.outsider(archive=True)
        self.assertNotIn("whitekey", wk.run("ldd", program, check=0).stdout)
        self.env = {}
        password, = self.passwords(program, 0, 1)
        wk.run("mosquitto_pub", "-p", self.server.port, "-u", self.thermo.did,
               "-P", password, "-t", "t", "-m", "m", check=0)

    def test_processes__never_give_out_one_login_twice(self):
        program = self.outsider()
        several = [self.process(program, self.thermo.path, 0, 20, env=self.env)
                   for _ in range(4)]
        for process in several:
            self.assertEqual(process.wait(), 0)
        given = [self.index(password) for process in several
                 for password in process.log().split()]
        self.assertEqual(sorted(given), list(range(1, 81)))

    def test_kept__another_process_is_told(self):
        program = self.outsider()
        keeper = self.process(program, self.thermo.path, 1, 1, "hold",
                              env=self.env)
        keeper.wait_log("^[A-Za-z0-9_-]+$")
        done = wk.run(program, self.thermo.path, 0, 1, check=BUSY,
                      env=self.env)
        self.assertIn(f"{self.thermo.path}: another program keeps this"
                      " credential open", done.stderr)

    def test_killed__its_logins_are_not_given_out_again(self):
        program = self.outsider()
        keeper = self.process(program, self.thermo.path, 16, 3, "hold",
                              env=self.env)
        keeper.wait_log("^[A-Za-z0-9_-]+$")
        keeper.stop(wk.SIGKILL)
        password, = self.passwords(program, 16, 1)
        self.assertEqual(self.index(password), 17)

    def test_header__is_standard_c_and_cpp(self):
        header = os.path.join(self.prefix, "include", "whitekey", "device.h")
        for compiler, language in (("cc", "c"), ("c++", "c++")):
            if shutil.which(compiler) is None:
                continue  # the project needs no C++ itself
            for standard in {"c": ("c99", "c11"), "c++": ("c++11",)}[language]:
                wk.run(compiler, "-x", language, "-std=" + standard, "-Wall",
                       "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                       header, check=0)

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

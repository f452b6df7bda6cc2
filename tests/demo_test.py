# SPDX-License-Identifier: Apache-2.0
"""The demo shows what it promises and leaves nothing behind."""

import fcntl
import glob
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import unittest

import wk

DEMO = os.path.join(wk.SOURCE, "demo", "demo.py")
ESCAPE = re.compile(r"\033\[\d*m")


def alive(mark):
    """Processes whose environment holds mark."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if mark.encode() in file.read():
                    found.append(path.split("/")[2])
        except OSError:
            continue
    return found


class DemoTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder.path("temporary")
        os.mkdir(self.temporary)
        programs = wk.programs_folder(self.folder)
        leaks = os.path.join(wk.SOURCE, "firmware", "tests", "lsan.supp")
        self.env = {"LSAN_OPTIONS": f"suppressions={leaks}",
                    "PATH": programs + ":" + os.environ["PATH"],
                    "TMPDIR": self.temporary}

    def demo(self, *args):
        return wk.run(sys.executable, DEMO, "--build", wk.BUILD, *args,
                      env=self.env)

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.temporary), [])
        self.assertEqual(alive(self.temporary), [])

    def test_for_keep__shows_all_steps_and_keeps_the_folder(self):
        done = self.demo("--for", "3", "--keep")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for pattern in ("let in", "refused: replay", "refused: clone",
                        "refused: quarantined", r"sees +│ what you see",
                        r'\{"(temp|volt)[^│]*│ (temp|volt)',
                        r"eyJ[^│]*│ [a-z_]+ \S",
                        r"enrol door-1 .* enrolled",
                        r"door-1 analog +eyJ[^│]*│ analog \d"):
            with self.subTest(pattern=pattern):
                self.assertRegex(done.stdout, pattern)
        self.assertNotIn("\033", done.stdout)
        self.assertEqual(alive(self.temporary), [])
        kept, = os.listdir(self.temporary)
        self.assertIn(kept, done.stdout)
        logs = glob.glob(os.path.join(self.temporary, kept, "*.log"))
        self.assertGreater(len(logs), 2)
        for log in logs:
            with open(log, encoding="utf-8") as file:
                wk.check_sanitizer(file.read(), log)

    def test_terminal__coloured_and_within_its_width(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 72, 0, 0))
        env = {**os.environ, **self.env, "TERM": "xterm"}
        for name in ("NO_COLOR", "COLUMNS"):
            env.pop(name, None)
        child = subprocess.Popen(
            [sys.executable, DEMO, "--build", wk.BUILD, "--for", "2"],
            env=env, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        text = self.read_all(ours)
        self.assertEqual(child.wait(wk.PATIENCE), 0, text)
        self.assertRegex(text, ESCAPE)
        for line in ESCAPE.sub("", text).splitlines():
            if "│" in line:
                self.assertLessEqual(len(line), 72, line)
        self.assert_nothing_left()

    @staticmethod
    def read_all(terminal):
        text = b""
        while True:
            try:
                text += os.read(terminal, 65536)
            except OSError:  # the other side has closed
                os.close(terminal)
                return text.decode()

    def test_interrupt__ends_everything(self):
        demo = self.process(sys.executable, DEMO, "--build", wk.BUILD,
                            env=self.env)
        demo.wait_log("eyJ")
        demo.signal(signal.SIGINT)
        self.assertEqual(demo.wait(), 0)
        self.assert_nothing_left()

    def test_kill__ends_what_it_started(self):
        demo = self.process(sys.executable, DEMO, "--build", wk.BUILD,
                            env=self.env)
        demo.wait_log("eyJ")
        demo.signal(signal.SIGKILL)
        self.assertEqual(demo.wait(), -signal.SIGKILL)
        self.assertSoon([], lambda: alive(self.temporary))

    def on_stage(self, act):
        """A stage where act happens again and again, for Popen."""
        program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
                   "from stage import Stage, Stop\n"
                   "try:\n"
                   "    with Stage('nowhere') as stage:\n"
                   "        print('open', flush=True)\n"
                   f"        while True: {act}\n"
                   "except Stop: sys.exit(7)\n")
        return self.process(sys.executable, "-B", "-c", program,
                            os.path.dirname(DEMO), env=self.env)

    def test_interrupt__at_any_moment_is_heard(self):
        """One that comes while the stage looks for it, above all."""
        for _ in range(20):
            stage = self.on_stage("stage.pause()")
            stage.wait_log("open")
            stage.signal(signal.SIGINT)
            self.assertEqual(stage.wait(), 7, stage.log())
        self.assert_nothing_left()

    def test_interrupt__that_hits_a_starting_program_too_is_no_failure(self):
        """Until it has a session of its own Ctrl-C is for it as well."""
        shell = "'sh', '-c', 'kill -INT $PPID $$'"
        for act in (f"stage.must({shell})",
                    f"stage.until(lambda: False, stage.start({shell}))"):
            with self.subTest(act=act):
                stage = self.on_stage(act)
                self.assertEqual(stage.wait(), 7, stage.log())
        self.assert_nothing_left()

    def test_nothing_built__says_so_and_leaves_nothing(self):
        done = wk.run(sys.executable, DEMO, "--build", self.temporary,
                      "--for", "2",
                      env={"PATH": "/usr/bin:/bin", "TMPDIR": self.temporary})
        self.assertEqual(done.returncode, 1)
        self.assertIn("whitekey is not there", done.stderr)
        self.assert_nothing_left()

    def test_for__wants_a_number_above_zero(self):
        for text in ("-1", "0", "soon"):
            with self.subTest(text=text):
                done = self.demo("--for", text)
                self.assertEqual(done.returncode, 2)
                self.assertIn("--for", done.stderr)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)

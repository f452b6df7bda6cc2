# SPDX-License-Identifier: Apache-2.0
"""What the README tells people to type works."""

import getpass
import os
import re
import textwrap
import unittest

import wk

with open(os.path.join(wk.SOURCE, "README.md"), encoding="utf-8") as readme:
    README = readme.read()


# What a person sees who is slower than the broker's writer.
AWAITED = {
    "whitekey audit": "replay",
    "whitekey show thermo-1": "quarantined",
}


def blocks():
    """The fenced sh blocks, in order."""
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", README)


def script(port):
    """All sh blocks as one script, on a port of our own."""
    lines = ["set -euo pipefail", 'trap \'kill $(jobs -p); wait\' EXIT']
    for block in blocks():
        for command, word in AWAITED.items():
            block = re.sub(
                rf"(?m)^{command}$",
                f"until {command} | grep -w {word}; do sleep 0.05; done",
                block)
        lines.append(block.replace("1883", str(port)))
        if "mosquitto -c" in block:
            lines.append(f"until (: </dev/tcp/{wk.HOST}/{port}) 2>/dev/null;"
                         " do sleep 0.05; done")
    return "\n".join(lines)


class ReadmeTest(wk.TestCase):
    def bash(self, text):
        env = {
            "PATH": wk.programs_folder(self.folder) + ":" + os.environ["PATH"],
            "PLUGIN": wk.PLUGIN,
        }
        os.mkdir(self.folder.path("work"))
        return wk.run("bash", "-c", f"cd {self.folder.path('work')}\n{text}",
                      env=env)

    def test_commands__do_what_the_text_says(self):
        done = self.bash(script(wk.free_port()))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\breplay\b")
        self.assertRegex(done.stdout, r"\bquarantined\b")

    def test_commands__fail_without_the_plugin(self):
        text = script(wk.free_port()).replace("\nplugin ", "\n# ")
        done = self.bash(text.replace("\nplugin_opt_", "\n# "))
        self.assertNotEqual(done.returncode, 0)

    def test_broker_lines__are_what_the_plugin_takes(self):
        lines = re.search(r"(?m)(^    .*\n)+^    plugin_opt_master.*\n",
                          README).group()
        registry = self.registry()
        config = (
            lines.replace("/usr/local/lib/mosquitto_whitekey.so", wk.PLUGIN)
            .replace("/var/lib/whitekey/registry.db", registry.path)
            .replace("/etc/whitekey/master.key", registry.master))
        self.broker(config="\n".join(map(str.strip, config.splitlines())))
        self.assertIn(registry.path, config)

    def test_broker_lines__of_a_move_serve_old_and_new(self):
        config, acl = (
            textwrap.dedent(re.search(rf"(?m)^    {begin}.*\n(    .*\n)+",
                                      README).group())
            for begin in ("per_listener_settings", "pattern"))
        registry, old, new = self.registry(), wk.free_port(), wk.free_port()
        device = registry.enrol("thermo-1")
        users = self.folder.path("passwd")
        wk.run("mosquitto_passwd", "-b", "-c", users, "anna", "old", check=0)
        for theirs, ours in (
                ("1883", f"{old} {wk.HOST}"), ("1884", f"{new} {wk.HOST}"),
                ("/etc/mosquitto/passwd", users),
                ("/etc/mosquitto/acl", self.folder.write("acl", acl)),
                ("/usr/local/lib/mosquitto_whitekey.so", wk.PLUGIN),
                ("/var/lib/whitekey/registry.db", registry.path),
                ("/etc/whitekey/master.key", registry.master)):
            self.assertIn(theirs, config)
            config = config.replace(theirs, ours)
        config += f"user {getpass.getuser()}\nlog_dest stderr\n"
        broker = self.process(
            "env", f"PATH={wk.programs_folder(self.folder)}:/bin:/usr/bin",
            "mosquitto", "-c", self.folder.write("mosquitto.conf", config))
        broker.wait_log("running")

        def publish(port, user, password, topic):
            done = wk.run("mosquitto_pub", "-V", "5", "-q", "1", "-p", port,
                          "-u", user, "-P", password, "-t", topic, "-m", "1")
            return done.returncode, "Not authorized" in done.stderr

        fine, denied, refused = (0, False), (0, True), (135, True)
        alarm = "whitekey/v1/events/thermo-1"
        for port, want in ((old, fine), (new, refused)):
            self.assertEqual(publish(port, "anna", "old", "lamp"), want)
        self.assertEqual(publish(old, "anna", "old", alarm), denied)
        password = registry.otp(device)
        self.assertEqual(publish(old, "thermo-1", password, "x"), refused)
        self.assertEqual(
            publish(new, "thermo-1", password, "sensors/thermo-1"), fine)


if __name__ == "__main__":
    unittest.main(verbosity=2)

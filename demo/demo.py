#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way on loopback, with the real programs: a broker, logins that
work once, a dongle, a fleet whose private readings stay sealed, and a thief.

./run demo builds everything and starts this.
"""

import argparse
import json
import os
import queue
import sys
import time

import fleet
from dongle import NAME as DONGLE
from dongle import Dongle
from stage import HOST, PATIENCE, Failed, Stage, Stop, listening
from view import View

DEVICE = "thermo-1"
READING = '{"temperature": 21.5, "location": "hall"}'
BEFORE_THIEF = 8.0  # seconds of the live view before the thief comes


def arguments():
    parser = argparse.ArgumentParser(
        prog="./run demo", description=__doc__.split("\n\n", 1)[0])
    parser.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS",
        help="end by itself after that long (else: Ctrl-C)")
    parser.add_argument(
        "--keep", action="store_true",
        help="leave the folder with configuration, registry and logs")
    parser.add_argument(
        "--build", default="build/release", metavar="FOLDER",
        help="where the programs were built (default: %(default)s)")
    parsed = parser.parse_args()
    if parsed.seconds is not None and not 0 < parsed.seconds < 1e6:
        parser.error("--for: a number of seconds above 0")
    return parsed


class Demo:
    def __init__(self, stage, view, seconds):
        self.stage = stage
        self.view = view
        self.begin = time.monotonic()
        self.seconds = seconds

    # ---- what a person would type ----------------------------------------

    def password(self, credential):
        return self.stage.must("whitekey", "otp", "--credential",
                               credential).strip()

    def publish(self, password, device=DEVICE):
        """True when mosquitto_pub was let in with that password."""
        status, _ = self.stage.run(
            "mosquitto_pub", "-h", HOST, "-p", str(self.stage.port),
            "-q", "1", "-u", device, "-P", password,
            "-t", f"sensors/{device}/temperature", "-m", READING)
        return status == 0

    def login(self, credential):
        return self.publish(self.password(credential))

    def refused(self, reason):
        """Waits until the newest audit event says so: audit lines are
        written beside the logins, not before their answers."""
        limit = time.monotonic() + PATIENCE
        while True:
            text = self.stage.must("whitekey", "audit", "--json")
            event = json.loads(text.splitlines()[-1])
            if event.get("reason") == reason:
                return f"refused: {reason}"
            self.expect(f"the audit event {event}", time.monotonic() < limit)
            self.stage.pause(0.05)

    def expect(self, what, happened):
        if not happened:
            raise Failed(f"{what}: this is not what should happen")

    # ---- the steps -------------------------------------------------------

    def broker(self):
        self.view.step("A registry, and a Mosquitto with the plugin")
        self.stage.must("whitekey", "init")
        self.view.command("whitekey init", "registry.db, master.key")
        fleet.enrol(self.stage)
        fleet.write_broker_config(self.stage)
        child = self.stage.start("mosquitto", "-c", "mosquitto.conf")
        self.stage.until(lambda: listening(self.stage.port), child)
        self.view.command("mosquitto -c mosquitto.conf",
                          f"on {HOST}:{self.stage.port}")

    def once(self):
        self.view.step("A password that works once")
        credential = f"{DEVICE}.json"
        self.stage.must("whitekey", "enrol", DEVICE, "--out", credential)
        self.view.command(f"whitekey enrol {DEVICE} --out {credential}",
                          "enrolled")
        password = self.password(credential)
        self.view.command(f"P=$(whitekey otp --credential {credential})",
                          f"{password[:8]}…{password[-4:]}")
        self.expect("the first login", self.publish(password))
        self.view.command(f'mosquitto_pub -u {DEVICE} -P "$P" …', "let in")
        self.expect("the used password", not self.publish(password))
        self.view.command(f'mosquitto_pub -u {DEVICE} -P "$P" …',
                          self.refused("replay"), good=False)

    def chip(self):
        self.view.step("A dongle that makes its passwords inside")
        self.dongle = Dongle(self.stage, self.view)
        self.dongle.enrol()
        self.expect("the dongle's login",
                    self.publish(self.dongle.password(), DONGLE))
        self.view.command(f'mosquitto_pub -u {DONGLE} -P "$(whitekey otp '
                          f'--dongle {self.dongle.port})" …', "let in")

    def live(self):
        self.view.step("A fleet, and a gateway that keeps the private private")
        self.alarms = fleet.subscribe(self.stage, fleet.OWNER,
                                      "whitekey/v1/events/#")
        self.readings = fleet.Readings(self.stage, self.view)
        self.dongle.go_alone()
        self.readings.show(min(BEFORE_THIEF, (self.seconds or 60) / 2))

    def thief(self):
        self.view.step("A thief copies a device's file")
        self.stage.must("cp", f"{DEVICE}.json", "stolen.json")
        self.view.command(f"cp {DEVICE}.json stolen.json")
        self.expect("the copy's login", self.login("stolen.json"))
        self.view.event("the thief logs in", "let in", good=False)
        # Time is the evidence, in whole seconds of a clock that ticks.
        self.stage.pause(1.1)
        self.expect("the original's login", not self.login(f"{DEVICE}.json"))
        self.view.event(f"{DEVICE} itself logs in", self.refused("clone"),
                        good=False)
        self.alarm()
        self.expect("the copy's second login", not self.login("stolen.json"))
        self.view.event("the thief logs in again",
                        self.refused("quarantined"), good=False)
        self.view.note(f"{DEVICE} is locked until you decide:"
                       f" whitekey release {DEVICE}, or enrol it again")

    def alarm(self):
        try:
            line = self.alarms.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed("no alarm came") from None
        self.view.event("the owner hears of it",
                        f"alarm on {line.split()[0]}")

    def play(self):
        self.broker()
        self.once()
        self.chip()
        self.live()
        self.thief()
        left = float("inf")
        if self.seconds is not None:
            left = self.begin + self.seconds - time.monotonic()
        if left > 0:
            self.readings.show(left)


def main():
    parsed = arguments()
    sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8
    view = View()
    status = 0
    try:
        with Stage(os.path.abspath(parsed.build), parsed.keep) as stage:
            view.line("WhiteKey, everything on loopback; Ctrl-C ends it",
                      "title")
            if parsed.keep:
                view.note(f"keeping {stage.root}")
            try:
                Demo(stage, view, parsed.seconds).play()
            except Stop:
                pass
        view.line("\nEverything that was started has ended.")
    except Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        status = 1
    except BrokenPipeError:
        # The reader went away: nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(main())

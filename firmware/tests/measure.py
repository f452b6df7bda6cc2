# SPDX-License-Identifier: Apache-2.0
"""What the firmware costs on the chip, beside its budgets.

measure.py JSON: prints a table and writes the figures to a file; exits 1 when
a budget is exceeded. ./run bench firmware does this.
"""

import base64
import json
import os
import subprocess
import sys

import mqttwire
import prompt
from chip import IMAGES, image
from core import Core
from dongle import HZ, Dongle, FingerDongle, Server

BUDGETS = os.path.join(os.environ["WK_SOURCE"], "firmware", "budgets.json")
KINDS = ("cycles", "flash", "stack", "ram")


def flash_of(member):
    """Bytes of flash of one object of the port's library."""
    library = os.path.join(IMAGES, "crypto", "libwhitekey_avr_port.a")
    listing = subprocess.run(["avr-size", library], check=True,
                             capture_output=True, text=True).stdout
    for line in listing.splitlines():
        if f" {member} " in line.replace("\t", " ").replace(".obj", ""):
            return int(line.split()[0])
    raise LookupError(member)


class Measure:
    def __init__(self, core):
        self.core = core
        self.figures = {}

    def take(self, name, _result, member=None):
        """Notes what the chip's last call cost."""
        figures = {"cycles": self.core.cycles, "stack": self.core.stack}
        if member:
            figures["flash"] = flash_of(member)
        self.figures[name] = figures

    def crypto(self):
        core, key, data = self.core, bytes(range(16)), bytes(range(32))
        self.take("sha256 block", core.call("wk_avr_sha256_block", bytes(128)),
                  "sha256.S")
        self.take("sha256 of 32 bytes", core.sha256(data))
        self.take("31 chain steps", core.walk(data, key, 31, 0))
        self.take("hmac of 32 bytes", core.hmac(data, data))
        opaque = core.aes_key(key)
        self.take("aes128 key", opaque)
        self.take("aes128 block", core.aes(opaque, key), "aes128.S")

    def messages(self):
        core, key = self.core, bytes(16)
        self.take("ccm seal of 36 bytes",
                  core.ccm_seal(key, bytes(13), bytes(50), bytes(36)))
        identity = core.identity(bytes(16), "d" * 32)
        self.take("x1 seal",
                  core.seal("login", (1, 0, 1, bytes(8)), bytes(52),
                            (identity, key, key)))


def sections(path):
    """Bytes of flash and of static RAM of an image."""
    listing = subprocess.run(["avr-size", path], check=True,
                             capture_output=True, text=True).stdout
    text, data, bss = map(int, listing.splitlines()[1].split()[:3])
    return text + data, data + bss


def use(it):
    """An enrolment and two blocks of logins."""
    it.enrol(did="d" * 32, n=256)
    it.finish_enrolment()
    _, x1 = it.login()
    it.ask(5, x1[:64])
    it.login(skip=62, challenge=bytes(16))
    it.settle()


def whole(it):
    """An image after it was used: its flash, and its RAM with the deepest
    that the stack was."""
    flash, static = sections(image(it.IMAGE))
    stack = 0x8ff - int(it.command("stack"))
    return {"flash": flash, "stack": stack, "ram": static + stack}


def hear(it, packet, seconds):
    """Sends a packet; what the chip says in that time."""
    said, left, words = b"", seconds * HZ, [packet.hex()]
    while left > 0:
        _, cycles, *data = it.command("talk", left, *words).split()
        said, left, words = said + bytes.fromhex("".join(data)), \
            left - int(cycles), []
    return said


def mqtt(it):
    """The unattended image as an MQTT client that updates its key."""
    did = "d" * 32
    it.enrol(did=did, n=256)
    it.wait_built()
    server = Server(it, did=did)
    it.finish_enrolment()
    it.login(skip=64)
    it.command("strap", 1)
    it.power_cycle()
    x1 = hear(it, mqttwire.challenge(), 1)[-70:]
    x4 = server.answer(x1, challenge=mqttwire.CHALLENGE)
    said = hear(it, mqttwire.connack(x4), 4)
    said += hear(it, mqttwire.packet(mqttwire.PINGRESP), 4)
    topic = f"whitekey/v1/{did}/x".encode()
    text = said.partition(topic + b"3")[2][3:][:143]
    x4 = server.answer(base64.urlsafe_b64decode(text + b"="), status=2)
    said = hear(it, mqttwire.update_answered(topic + b"4", x4), 1)
    assert said.startswith(mqttwire.RECEIVED), said
    assert mqttwire.packet(mqttwire.DISCONNECT) not in said, said
    figures = whole(it)
    return {"stack": figures["stack"], "ram": figures["ram"]}


def slowest_login(it):
    """From the request, or from the template's last byte, to the message."""
    it.command("watch", 0)
    return {"cycles": prompt.slowest(it)}


def dongle():
    """Both images, and their slowest login."""
    figures = {}
    with Dongle(watched=True) as it:
        use(it)
        figures["dongle-unattended"] = whole(it)
        figures["x1 unattended"] = slowest_login(it)
    with Dongle(watched=True) as it:
        figures["mqtt by itself"] = mqtt(it)
    with FingerDongle(watched=True) as it:
        it.set_up()
        use(it)
        figures["dongle"] = whole(it)
        figures["x1 after the match"] = slowest_login(it)
    return figures


def measure():
    """{name: {kind: figure}} of everything that has a budget."""
    with Core() as core:
        figures = Measure(core)
        figures.crypto()
        figures.messages()
    return {**figures.figures, **dongle()}


def budgets():
    with open(BUDGETS, encoding="utf-8") as file:
        return json.load(file)


def exceeded(figures, limits):
    """A sentence for each budget that is not kept."""
    return [
        f"{name}: {figures[name][kind]} {kind}, at most {limit}"
        for name, kinds in limits.items() for kind, limit in kinds.items()
        if figures[name][kind] > limit
    ]


def table(figures, limits):
    yield f"{'':24}" + "".join(f"{kind:>10}{'limit':>8}" for kind in KINDS)
    for name, figure in figures.items():
        yield f"{name:24}" + "".join(
            f"{figure.get(kind, ''):>10}"
            f"{limits.get(name, {}).get(kind, ''):>8}" for kind in KINDS)


def main(path):
    figures, limits = measure(), budgets()
    print("\n".join(table(figures, limits)))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
    bad = exceeded(figures, limits)
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

# SPDX-License-Identifier: Apache-2.0
"""A simulated chip in Python's hands.

    with Chip("probe") as chip:
        out = Out(32)
        chip.call("wk_port_sha256", out, b"...", U16(1))

call() passes arguments as avr-gcc does: bytes are copied into the chip's RAM
and passed by address, Out(n) is room for n bytes of result.
"""

import os
import struct
import subprocess

PROGRAM = os.environ["WK_CHIP"]
IMAGES = os.environ["WK_IMAGES"]
CYCLES_MAX = 10**10


def image(name):
    """The ELF file of an image of ours."""
    return os.path.join(IMAGES, name.partition("-")[0], f"{name}.elf")


def U8(value):
    return ("B", value)


def U16(value):
    return ("H", value)


def U32(value):
    return ("I", value)


class Out:
    """Room for a result; data holds it after the call."""

    def __init__(self, size, data=b""):
        self.size = size
        self.data = bytes(data).ljust(size, b"\0")


class InOut(Out):
    """Bytes that the call changes."""

    def __init__(self, data):
        super().__init__(len(data), data)


class Trouble(Exception):
    """The chip did what no program may do, or there is no such symbol."""


class Chip:
    def __init__(self, name, watched=True):
        self.process = subprocess.Popen(
            [PROGRAM, image(name)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.cycles = self.stack = 0
        if not watched:
            self.command("watch", 0)
        self.command("run", 10**6, "main")
        self.room = int(self.command("symbol", "_end"))
        self.at = self.room

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.stdout.close()
        status = self.process.wait(20)
        if exception[0] is None and status != 0:
            raise Trouble(f"{PROGRAM}: exit {status}")

    def command(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith("="):
            raise Trouble(answer.strip() or "the harness died")
        return answer[1:].strip()

    def peek(self, at, size):
        return bytes.fromhex(self.command("peek", at, size))

    def poke(self, at, data):
        if data:
            self.command("poke", at, data.hex())

    def put(self, data):
        """Copies bytes into free RAM until the next call; the address."""
        at = self.at
        self.at += len(data)
        self.poke(at, data)
        return at

    def _argument(self, value):
        if isinstance(value, tuple):
            return struct.pack("<" + value[0], value[1])
        if isinstance(value, Out):
            value.at = self.put(value.data)
            return struct.pack("<H", value.at)
        if value is None:
            return b"\0\0"
        return struct.pack("<H", self.put(value))

    def call(self, name, *values):
        """Calls a function; gives what it leaves in r25..r24."""
        register = 26
        for value in values:
            data = self._argument(value)
            register -= (len(data) + 1) & ~1
            self.poke(register, data)
        cost = self.command("call", name, CYCLES_MAX)
        self.cycles, self.stack = map(int, cost.split())
        for value in values:
            if isinstance(value, Out):
                value.data = self.peek(value.at, value.size)
        self.at = self.room
        return int.from_bytes(self.peek(24, 2), "little")

# SPDX-License-Identifier: Apache-2.0
"""How long the slowest password takes, of all places in a block, where the
chip has just been switched on: it knows no message key yet. Skips to the
first of a block, 31 steps below its value, are the longest."""

from dongle import HZ
from eeprom import BLOCK, Image


def trials():
    """(used, torn, skip): how many of the block were given, see eeprom.py;
    what leads to the first of this block, of the next, of the one behind."""
    for used in range(BLOCK):
        skips = {0, BLOCK - used, 2 * BLOCK - used}
        for torn in (False, True) if used in (0, BLOCK - 1) else (False,):
            for skip in sorted(skips):
                yield used, torn, skip


def slowest(dongle):
    """Cycles."""
    dongle.settle()
    image, most = Image(bytes.fromhex(dongle.command("eeprom"))), 0
    for used, torn, skip in trials():
        dongle.command("burn", image.with_used(used, torn).hex())
        dongle.power_cycle()
        most = max(most, dongle.time_login(skip)[1])
    return most


def milliseconds(cycles):
    return cycles * 1000 / HZ

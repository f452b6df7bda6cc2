#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests ran of the programs, from the counts that gcov keeps.

coverage.py BUILD prints lines run and all lines of each room, and writes the
others to BUILD/not-run.txt, as FILE:LINE: TEXT.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
# What tests are made of is not what they test.
LEFT_OUT = ("tests/", "bench/", "examples/", "firmware/", "build/")


def is_program(name):
    stem = pathlib.Path(name).stem
    return not name.startswith(LEFT_OUT) and not stem.endswith(
        ("_test", "_fixture", "kit"))


def reports(counts):
    """gcov's view of each file with counts, some hundred at a time."""
    for at in range(0, len(counts), 100):
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", *counts[at:at + 100]],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        for line in done.stdout.splitlines():
            yield json.loads(line)


def lines_run(build):
    """By file and line: how often it ran, in all programs together."""
    # A file without counts is one that no test started.
    counts = sorted(map(str, build.rglob("*.gcno")))
    found = collections.defaultdict(collections.Counter)
    for report in reports(counts):
        folder = report["current_working_directory"]
        for file in report["files"]:
            path = pathlib.Path(os.path.normpath(
                os.path.join(folder, file["file"])))
            if not path.is_relative_to(SOURCE):
                continue
            name = path.relative_to(SOURCE).as_posix()
            for line in file["lines"] if is_program(name) else ():
                found[name][line["line_number"]] += line["count"]
    return found


def write_missed(found, path):
    with open(path, "w", encoding="utf-8") as out:
        for name, lines in sorted(found.items()):
            text = (SOURCE / name).read_text(encoding="utf-8").split("\n")
            for number in sorted(n for n, count in lines.items() if not count):
                print(f"{name}:{number}: {text[number - 1].strip()}", file=out)


def main(folder):
    build = pathlib.Path(folder).resolve()
    found = lines_run(build)
    rooms = collections.defaultdict(lambda: [0, 0])
    for name, lines in found.items():
        for room in (name.split("/")[0], "together"):
            rooms[room][0] += sum(1 for count in lines.values() if count)
            rooms[room][1] += len(lines)
    print(f"{'':12}{'run':>8}{'lines':>8}")
    for room in sorted(rooms, key=lambda room: (room == "together", room)):
        run, lines = rooms[room]
        print(f"{room:12}{run:8}{lines:8}{run / lines:8.1%}")
    missed = build / "not-run.txt"
    write_missed(found, missed)
    print(f"what did not run: {missed}")


if __name__ == "__main__":
    main(sys.argv[1])

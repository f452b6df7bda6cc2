# SPDX-License-Identifier: Apache-2.0
"""Takes one sentence of the protocol out of the sources: see sentences.py.

mutants.py --list               name:invariant:file:.., one mutant a line
mutants.py --table PROGRAMS     README.md's table, from the mutants built there
mutants.py NAME SOURCES OUT     writes the mutated files of SOURCES into OUT;
                                fails unless what is to be changed stands
                                there exactly once
"""
import os
import subprocess
import sys

from sentences import MUTANTS


def files(mutant):
    return sorted({path for path, *_ in mutant.changes})


def row(name, mutant):
    return f"| {mutant.section} | {mutant.sentence} | `{name}` |" \
           f" {mutant.breaks} |"


def noticed(name, mutant, programs):
    """How many schedules it takes, from seed 1 on; or a known one shows it."""
    told = subprocess.run([os.path.join(programs, "mutant_" + name),
                           "--count", "50000", "--must-break",
                           mutant.breaks], capture_output=True, text=True,
                          check=True).stdout
    seed = told.split()[1]
    return f" {seed} |" if seed != "0" else " known |"


def mutate(name, sources, out):
    texts = {}
    for path, before, after in MUTANTS[name].changes:
        if path not in texts:
            with open(os.path.join(sources, path), encoding="utf-8") as file:
                texts[path] = file.read()
        if texts[path].count(before) != 1:
            sys.exit(f"{path}: {name}: {texts[path].count(before)} places to"
                     " change, not one")
        texts[path] = texts[path].replace(before, after)
    os.makedirs(out, exist_ok=True)
    for path, text in texts.items():
        with open(os.path.join(out, os.path.basename(path)), "w",
                  encoding="utf-8") as file:
            file.write(text)


def main():
    if sys.argv[1:] == ["--list"]:
        for name, mutant in MUTANTS.items():
            print(":".join([name, mutant.breaks, *files(mutant)]))
        return
    if sys.argv[1] == "--table":
        for name, mutant in MUTANTS.items():
            print(row(name, mutant) + noticed(name, mutant, sys.argv[2]))
        return
    mutate(*sys.argv[1:])


if __name__ == "__main__":
    main()

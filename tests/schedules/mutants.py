# SPDX-License-Identifier: Apache-2.0
"""Takes one sentence of the protocol out of the sources: see sentences.py.

mutants.py --list               name:file:.., one mutant a line
mutants.py NAME SOURCES OUT     writes the mutated files of SOURCES into OUT;
                                fails unless what is to be changed stands
                                there exactly once
"""
import os
import sys

from sentences import MUTANTS


def files(mutant):
    return sorted({path for path, *_ in mutant.changes})


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
            print(":".join([name, *files(mutant)]))
        return
    mutate(*sys.argv[1:])


if __name__ == "__main__":
    main()

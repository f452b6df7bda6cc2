#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Local bans: what no general tool knows about this project.

lint_bans.py FOLDER prints FILE:LINE: RULE: SENTENCE for each finding and
exits 1 if there was any. Rules live in RULES; lint_bans_test.py shows that
each of them bites.
"""
import ast
import os
import pathlib
import re
import sys

SKIPPED = {"build", "node_modules", ".git", "__pycache__"}
# JSON has no comments, Markdown readers should not meet a licence tag.
WITHOUT_SPDX = {".json", ".jsonl", ".md", ".txt", ".lock", ""}
SCRIPT_NAMES = {"run", "CMakeLists.txt", ".clang-format", ".clang-tidy"}
CODE = {".c", ".h", ".cmake", ".py", ".sh", ".js", ".mjs", ".cjs"}
LINE_MAX, FUNCTION_MAX, FILE_MAX = 79, 60, 600

BANNED = {
    "strcpy": "unbounded; use snprintf or memcpy with a length",
    "stpcpy": "unbounded; use snprintf or memcpy with a length",
    "strcat": "unbounded; use snprintf",
    "strncpy": "may leave no terminator; use snprintf or memcpy",
    "strncat": "takes the wrong length; use snprintf",
    "sprintf": "unbounded; use snprintf",
    "vsprintf": "unbounded; use vsnprintf",
    "gets": "unbounded; use fgets",
    "atoi": "hides errors; use strtoul and look at its end",
    "atol": "hides errors; use strtoul and look at its end",
    "rand": "not for keys nor repeatable; use wk_random or a seeded state",
    "tmpnam": "races; use mkostemp",
    "mktemp": "races; use mkostemp",
    "alloca": "unbounded stack",
}

# What a test may do, and a program that holds secrets may not.
BANNED_IN_PROGRAMS = {
    "memcmp": "not constant-time; use wk_equal",
    "bcmp": "not constant-time; use wk_equal",
    "system": "runs a shell; use posix_spawn",
    "popen": "runs a shell; use posix_spawn",
}

# core is freestanding: the AVR has nothing else.
CORE_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h"}
CORE_PORTS = re.compile(r"core/port_\w+\.c$")

# A room may include public headers of the rooms listed here, and its own.
MAY_INCLUDE = {
    "core": set(),
    "host": {"core"},
    "registry": {"core", "host"},
    "client": {"core", "host"},
}
ROOMS = ("core", "host", "registry", "client")


class Source:
    """One file, as the rules see it."""

    def __init__(self, root, path):
        self.name = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.room = self.name.split("/")[0]
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.is_code = path.suffix in CODE or path.name in SCRIPT_NAMES
        self.is_c = path.suffix in {".c", ".h"}
        self.is_test = "test" in path.stem or self.room == "tests" or \
            re.search(r"\bcr_(assert|expect)|<criterion/", self.text)
        self.code = without_comments(self.text) if self.is_c else ""
        self.public = {header.name: room for room in ROOMS for header in
                       (root / room / "include/whitekey").glob("*.h")}

    def code_lines(self):
        return enumerate(self.code.split("\n"), 1)


def without_comments(text):
    """C with comments and string contents blanked, line numbers kept."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
        re.DOTALL)

    def blank(match):
        found = match.group()
        if found.startswith("/"):
            return "\n" * found.count("\n")
        return found[0] * 2

    # The names in #include "..." are no strings.
    keep = re.sub(r'(?m)^(\s*#\s*include\s*)"([^"\n]*)"', r"\1<./\2>", text)
    return pattern.sub(blank, keep)


def spdx(source):
    if source.suffix in WITHOUT_SPDX and not source.is_code:
        return
    head = "\n".join(source.lines[:3])
    if "SPDX-License-Identifier: Apache-2.0" not in head:
        yield 1, "no SPDX-License-Identifier: Apache-2.0 in the first lines"


def width(source):
    for number, line in enumerate(source.lines, 1):
        if source.is_code and len(line) > LINE_MAX:
            yield number, f"{len(line)} columns, at most {LINE_MAX}"


def whitespace(source):
    for number, line in enumerate(source.lines, 1):
        if source.is_code and "\t" in line:
            yield number, "a tab"
        if source.is_code and line != line.rstrip():
            yield number, "trailing blanks"


def file_length(source):
    count = len(source.lines) - 1
    if source.is_code and count > FILE_MAX:
        yield count, f"{count} lines, at most {FILE_MAX}"


def c_functions(source):
    """(line, length) of each function, from its type to its brace."""
    start, depth = None, 0
    for number, line in source.code_lines():
        if depth == 0 and (line.startswith("#") or not line.strip()):
            continue
        start = start or number
        depth += line.count("{") - line.count("}")
        if depth == 0 and line == "}":
            yield start, number - start + 1
        if depth == 0 and line.endswith((";", "}")):
            start = None


def python_functions(source):
    try:
        tree = ast.parse(source.text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def shell_functions(source):
    start = None
    for number, line in enumerate(source.lines, 1):
        if re.match(r"\w+\(\) [{(]$", line):
            start = number
        elif line in ("}", ")") and start is not None:
            yield start, number - start + 1
            start = None


def function_length(source):
    if source.is_c:
        found = c_functions(source)
    elif source.suffix == ".py":
        found = python_functions(source)
    else:
        found = shell_functions(source)
    for number, length in found:
        if length > FUNCTION_MAX:
            yield number, f"a function of {length} lines, at most " \
                f"{FUNCTION_MAX}"


def leftovers(source):
    words = "TO" "DO|FIX" "ME|X" "XX"
    for number, line in enumerate(source.lines, 1):
        if source.is_code and re.search(rf"\b({words})\b", line):
            yield number, "finish it or write an issue"


def banned_calls(source):
    banned = BANNED if source.is_test else {**BANNED, **BANNED_IN_PROGRAMS}
    names = "|".join(banned)
    for number, line in source.code_lines():
        for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", line):
            yield number, f"{match[1]}: {banned[match[1]]}"


def includes(source):
    for number, line in source.code_lines():
        match = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
        if match:
            yield number, match[1]


def core_includes(source):
    if source.room != "core" or source.is_test or \
            CORE_PORTS.search(source.name):
        return
    for number, name in includes(source):
        ours = name.startswith(("whitekey/", "./"))
        if not ours and name not in CORE_HEADERS:
            yield number, f"core is freestanding: <{name}>"


def rooms(source):
    for number, name in includes(source):
        if name.startswith("./") and "/" in name[2:]:
            yield number, f"another room's private header: \"{name[2:]}\""
        if not name.startswith("whitekey/"):
            continue
        room = source.public.get(name.removeprefix("whitekey/"))
        allowed = MAY_INCLUDE.get(source.room)
        if room and allowed is not None and room != source.room and \
                room not in allowed:
            yield number, f"{source.room} must not know {room}: <{name}>"


RULES = (spdx, width, whitespace, file_length, function_length, leftovers,
         banned_calls, core_includes, rooms)


def files(root):
    for folder, names, found in os.walk(root):
        names[:] = sorted(set(names) - SKIPPED)
        for name in sorted(found):
            path = pathlib.Path(folder) / name
            known = path.suffix in CODE | {".yaml", ".yml", ".1", ".5", ".8"}
            if known or name in SCRIPT_NAMES:
                yield path


def main(folder):
    root = pathlib.Path(folder).resolve()
    count = 0
    for path in files(root):
        source = Source(root, path)
        for rule in RULES:
            for number, sentence in rule(source):
                count += 1
                print(f"{source.name}:{number}: {rule.__name__}: {sentence}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

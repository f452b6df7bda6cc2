# SPDX-License-Identifier: Apache-2.0
"""Every rule of scripts/lint_bans.py bites, and on nothing but its fault.

Each case is a file that passes and a twin that must be found, with the rule
that finds it. Banned words are put together here so that this file passes.
"""
import contextlib
import io
import os
import sys

import wk

SCRIPTS = os.path.join(wk.SOURCE, "scripts")
sys.path.insert(0, SCRIPTS)

import lint_bans  # noqa: E402

SPDX_C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SPDX = "# SPDX-License-Identifier: Apache-2.0\n"


def c_function(lines):
    """A C file with one function of that many lines."""
    return SPDX_C + "void f(void) {\n" + "  g();\n" * (lines - 2) + "}\n"


def py_function(lines):
    return SPDX + "def f():\n" + "    g()\n" * (lines - 1)


def sh_function(lines):
    return SPDX + "f() {\n" + "  g\n" * (lines - 2) + "}\n"


def statement(text):
    return SPDX_C + "void f(void) {\n  " + text + "\n}\n"


# rule, file, text that passes, text that does not
CASES = [
    ("spdx", "host/a.c", SPDX_C, "int a;\n"),
    ("spdx", "scripts/a.sh", "#!/bin/bash\n" + SPDX, "#!/bin/bash\n"),
    ("spdx", "CMakeLists.txt", SPDX, "project(a)\n"),
    ("width", "host/a.h", SPDX_C + "//" + "x" * 77 + "\n",
     SPDX_C + "//" + "x" * 78 + "\n"),
    ("width", "run", SPDX + "#" * 79 + "\n", SPDX + "#" * 80 + "\n"),
    ("whitespace", "host/a.c", statement("g();"), statement("\tg();")),
    ("whitespace", "a/b.py", SPDX + "a = 1\n", SPDX + "a = 1 \n"),
    ("file_length", "host/a.c", SPDX_C + "int a;\n" * 599,
     SPDX_C + "int a;\n" * 600),
    ("function_length", "host/a.c", c_function(60), c_function(61)),
    ("function_length", "a/b.py", py_function(60), py_function(61)),
    ("function_length", "a/b.sh", sh_function(60), sh_function(61)),
    ("leftovers", "host/a.c", SPDX_C + "/* done */\n",
     SPDX_C + "/* TO" "DO: more */\n"),
    ("banned_calls", "host/a.c", statement("snprintf(a, 1, s);"),
     statement("s" "printf(a, s);")),
    ("banned_calls", "host/a.c", statement('g("strcpy(a, b)"); // gets()'),
     statement("strcpy" "(a, b);")),
    ("banned_calls", "core/a.c", statement("my_strcat(a, b);"),
     statement("strcat" " (a, b);")),
    ("banned_calls", "cli/a_test.c", statement("fgets(a, 1, f);"),
     statement("gets" "(a);")),
    ("banned_calls", "host/a.c", statement("if (wk_equal(a, b, 4)) g();"),
     statement("if (memcmp" "(a, b, 4) == 0) g();")),
    ("banned_calls", "cli/a.c",
     SPDX_C + "#include <criterion/criterion.h>\nint a = system" "(b);\n",
     SPDX_C + "int a = system" "(b);\n"),
    ("core_includes", "core/a.c", SPDX_C + "#include <string.h>\n",
     SPDX_C + "#include <stdio.h>\n"),
    ("core_includes", "core/include/whitekey/a.h",
     SPDX_C + "#include <whitekey/err.h>\n#include <stddef.h>\n",
     SPDX_C + "#include <stdlib.h>\n"),
    ("rooms", "plugin/a.c", SPDX_C + '#include "mine.h"\n',
     SPDX_C + '#include "../core/bug.h"\n'),
    ("rooms", "host/a.c", SPDX_C + "#include <whitekey/err.h>\n",
     SPDX_C + "#include <whitekey/registry.h>\n"),
    ("rooms", "core/a.c", SPDX_C + "#include <whitekey/err.h>\n",
     SPDX_C + "#include <whitekey/file.h>\n"),
    ("rooms", "cli/a.c", SPDX_C + "#include <whitekey/registry.h>\n",
     SPDX_C + '#include "../registry/private.h"\n'),
]


class LintBansTest(wk.TestCase):
    def lint(self, name, text):
        """Lints a tree of the public headers and one file."""
        folder = wk.Folder()
        self.addCleanup(folder.remove)
        for path in (name, "core/include/whitekey/err.h",
                     "host/include/whitekey/file.h",
                     "registry/include/whitekey/registry.h"):
            full = folder.path(path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text if path == name else SPDX_C)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = lint_bans.main(folder.root)
        return status, said.getvalue()

    def test_rule__good_file_passes(self):
        for rule, name, good, _ in CASES:
            with self.subTest(rule=rule, name=name):
                self.assertEqual(self.lint(name, good), (0, ""))

    def test_rule__bad_twin_is_found(self):
        for rule, name, _, bad in CASES:
            with self.subTest(rule=rule, name=name, bad=bad[-40:]):
                status, said = self.lint(name, bad)
                self.assertEqual(status, 1)
                self.assertRegex(said, rf"\A{name}:\d+: {rule}: .+\n\Z")

    def test_rules__every_one_has_a_case(self):
        names = {rule.__name__ for rule in lint_bans.RULES}
        self.assertEqual(names, {rule for rule, *_ in CASES})

    def test_built_and_fetched_files__are_not_judged(self):
        for name in ("build/a.c", "tests/node/node_modules/x/a.js"):
            with self.subTest(name):
                self.assertEqual(
                    self.lint(name, "strcpy" "(a, b);\t\n"), (0, ""))

    def test_program__says_by_its_exit_status(self):
        folder = wk.Folder()
        self.addCleanup(folder.remove)
        script = os.path.join(SCRIPTS, "lint_bans.py")
        wk.run(script, folder.root, check=0)
        folder.write("a.c", "int a;\n")
        wk.run(script, folder.root, check=1)


if __name__ == "__main__":
    wk.main()

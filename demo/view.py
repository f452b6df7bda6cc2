# SPDX-License-Identifier: Apache-2.0
"""What the demo prints: steps, commands with their outcome, two columns.

Lines fit the terminal as it is now. Colour only on a terminal, and not where
NO_COLOR asks for none.
"""

import os
import shutil
import sys

PIPE_WIDTH = 100  # columns where there is no terminal to ask
NARROWEST = 60
COLOURS = {"good": "32", "bad": "31", "title": "1", "dim": "2", "sealed": "33"}


def printable(text):
    """Text from the network, without what a terminal would act on."""
    return "".join(c if c.isprintable() else "?" for c in text)


def fit(text, width):
    """Exactly width columns: cut or padded."""
    text = printable(text)
    if len(text) > width:
        return text[:width - 1] + "…"
    return text.ljust(width)


class View:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.colourful = out.isatty() and "NO_COLOR" not in os.environ
        self.steps = 0

    def _paint(self, text, colour):
        if not self.colourful or colour is None:
            return text
        return f"\033[{COLOURS[colour]}m{text}\033[0m"

    def _width(self):
        columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
        return max(columns, NARROWEST)

    def line(self, text="", colour=None):
        print(self._paint(text, colour), file=self.out, flush=True)

    def step(self, title):
        self.steps += 1
        self.line()
        self.line(f"{self.steps}. {title}", "title")

    def event(self, text, outcome="", good=True):
        """What was done, and on the right what came of it."""
        room = max(self._width() - 4 - len(outcome), len(text) + 1)
        self.line(f"   {text.ljust(room)}"
                  f"{self._paint(outcome, 'good' if good else 'bad')}"
                  .rstrip())

    def command(self, text, outcome="", good=True):
        """The same for a command as one would type it."""
        self.event(f"$ {text}", outcome, good)

    def note(self, text):
        self.line(f"   {printable(text)}", "dim")

    def columns(self, left, right, colour=None):
        """One row of the two columns; colour is the right one's."""
        half = (self._width() - 3) // 2
        self.line(f"{fit(left, half)} │ "
                  f"{self._paint(fit(right, half).rstrip(), colour)}")

    def heading(self, left, right):
        half = (self._width() - 3) // 2
        self.line()
        self.line(f"{fit(left, half)} │ {right}", "title")
        self.line("─" * (half + 1) + "┼" + "─" * (half + 1))

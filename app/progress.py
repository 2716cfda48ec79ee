"""Progress: a bar on a terminal, one clean line a step otherwise, nothing when quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress

    from liver_mre.case import Case
    from operators.step import Progress

WORDS = {
    "select": "finding the stiffness series",
    "prepare": "windowing and resizing",
    "segment": "segmenting the liver",
    "measure": "measuring stiffness",
    "stage": "staging fibrosis",
    "write_seg": "writing the segmentation",
    "write_sr": "writing the structured report",
    "write_overlay": "writing the overlay",
}


class Silent:
    """No progress."""

    def scan(self) -> None:
        """Say nothing."""

    def step(self, case: Case, name: str) -> None:
        """Say nothing."""

    def done(self, case: Case) -> None:
        """Say nothing."""


class Lines(Silent):
    """One line a step on stderr, for logs."""

    def scan(self) -> None:
        """Say that the input is being read."""
        _say("reading the input")

    def step(self, case: Case, name: str) -> None:
        """Say which study enters which step."""
        _say(f"study {case.index + 1}/{case.total}: {WORDS[name]}")


def _say(line: str) -> None:
    with suppress(OSError):  # nobody may be reading any more: that is no reason to stop measuring
        print(line, file=sys.stderr)


class Bar(Silent):
    """A bar that advances a step at a time, on stderr."""

    def __init__(self, bar: RichProgress) -> None:
        self.bar = bar
        self.task = bar.add_task("reading the input", total=None)
        self.finished = 0

    def step(self, case: Case, name: str) -> None:
        """Show the step."""
        steps = len(WORDS)
        done = self.finished * steps + list(WORDS).index(name)
        text = f"study {case.index + 1}/{case.total}: {WORDS[name]}"
        self.bar.update(self.task, description=text, total=case.total * steps, completed=done)

    def done(self, case: Case) -> None:
        """Fill the bar as far as studies are finished."""
        self.finished += 1
        steps = len(WORDS)
        self.bar.update(self.task, total=case.total * steps, completed=self.finished * steps)


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Progress]:
    """Yield the progress display that fits where stderr goes."""
    if quiet:
        yield Silent()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield Bar(bar)

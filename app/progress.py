"""Progress on stderr: a bar on a terminal, otherwise one line per step, nothing if quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from liver_mre.method.steps import STEPS, WRITERS
from liver_mre.workflow.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress

    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun

NAMES: Final = tuple(step.name for step in (*STEPS, *WRITERS))
KEPT: Final = "finished by an earlier run"


class Lines(Progress):
    """One line per step, for logs."""

    def reading(self) -> None:
        """Print that the input is being read."""
        _print("reading the input")

    def step(self, run: StudyRun, step: Step) -> None:
        """Print which study enters which step."""
        _print(_line(run, step.label))

    def kept(self, run: StudyRun) -> None:
        """Print which study is kept."""
        _print(_line(run, KEPT))


def _line(run: StudyRun, words: str) -> str:
    of_all = f"/{run.total}" if run.total else ""
    return f"study {run.index + 1}{of_all}: {words}"


def _print(line: str) -> None:
    with suppress(OSError):  # stderr may be closed: that must not stop the run
        print(line, file=sys.stderr)


class Bar(Progress):
    """A bar that advances step by step."""

    def __init__(self, bar: RichProgress) -> None:
        self.bar = bar
        self.task = bar.add_task("reading the input", total=None)
        self.finished = 0

    def step(self, run: StudyRun, step: Step) -> None:
        """Show the step."""
        done = self.finished * len(NAMES) + NAMES.index(step.name)
        self.bar.update(self.task, description=_line(run, step.label), total=_total(run), completed=done)

    def done(self, run: StudyRun) -> None:
        """Advance the bar to the end of the study."""
        self.finished += 1
        self.bar.update(self.task, total=_total(run), completed=self.finished * len(NAMES))

    def kept(self, run: StudyRun) -> None:
        """Advance the bar by the study."""
        self.done(run)


def _total(run: StudyRun) -> int | None:
    return run.total * len(NAMES) if run.total else None


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Progress]:
    """Yield the display that suits stderr."""
    if quiet:
        yield Progress()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield Bar(bar)

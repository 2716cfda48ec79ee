"""Progress: a bar on a terminal, one clean line a step otherwise, nothing when quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from liver_mre.method.steps import STEPS, WRITERS
from liver_mre.workflow.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress

    from liver_mre.workflow.progress import Progress
    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun

NAMES: Final = tuple(step.name for step in (*STEPS, *WRITERS))


class Lines(Silent):
    """One line a step on stderr, for logs."""

    def reading(self) -> None:
        """Say that the input is being read."""
        _say("reading the input")

    def step(self, run: StudyRun, step: Step) -> None:
        """Say which study enters which step."""
        _say(_line(run, step))


def _line(run: StudyRun, step: Step) -> str:
    of_all = f"/{run.total}" if run.total else ""
    return f"study {run.index + 1}{of_all}: {step.words}"


def _say(line: str) -> None:
    with suppress(OSError):  # nobody may be reading any more: that is no reason to stop measuring
        print(line, file=sys.stderr)


class Bar(Silent):
    """A bar that advances a step at a time, on stderr."""

    def __init__(self, bar: RichProgress) -> None:
        self.bar = bar
        self.task = bar.add_task("reading the input", total=None)
        self.finished = 0

    def step(self, run: StudyRun, step: Step) -> None:
        """Show the step."""
        done = self.finished * len(NAMES) + NAMES.index(step.name)
        self.bar.update(self.task, description=_line(run, step), total=_total(run), completed=done)

    def done(self, run: StudyRun) -> None:
        """Fill the bar as far as studies are finished."""
        self.finished += 1
        self.bar.update(self.task, total=_total(run), completed=self.finished * len(NAMES))


def _total(run: StudyRun) -> int | None:
    return run.total * len(NAMES) if run.total else None


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

"""Progress on stderr: a bar on a terminal, otherwise a line of the log per step, nothing if quiet."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from app.console import make_console, reporting
from liver_mre.method.steps import STEPS, WRITERS
from liver_mre.workflow.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress

    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun

log = logging.getLogger(__name__)

NAMES: Final = tuple(step.name for step in (*STEPS, *WRITERS))
KEPT: Final = "finished by an earlier run"


class Lines(Progress):
    """A line of the log per step."""

    def reading(self) -> None:
        """Log that the input is being read."""
        log.info("reading the input")

    def step(self, run: StudyRun, step: Step) -> None:
        """Log which study enters which step."""
        log.info(_line(run, step.label))

    def kept(self, run: StudyRun) -> None:
        """Log which study is kept."""
        log.info(_line(run, KEPT))


def _line(run: StudyRun, words: str) -> str:
    of_all = f"/{run.total}" if run.total else ""
    return f"study {run.index + 1}{of_all}: {words}"


class Bar(Progress):
    """A bar that advances step by step; where it cannot be drawn the run goes on without."""

    def __init__(self, bar: RichProgress) -> None:
        self.bar = bar
        self.task = bar.add_task("reading the input", total=None)
        self.finished = 0

    def step(self, run: StudyRun, step: Step) -> None:
        """Show the step."""
        done = self.finished * len(NAMES) + NAMES.index(step.name)
        with reporting():
            self.bar.update(self.task, description=_line(run, step.label), total=_total(run), completed=done)

    def done(self, run: StudyRun) -> None:
        """Advance the bar to the end of the study."""
        self.finished += 1
        with reporting():
            self.bar.update(self.task, total=_total(run), completed=self.finished * len(NAMES))

    def kept(self, run: StudyRun) -> None:
        """Advance the bar by the study."""
        self.done(run)


def _total(run: StudyRun) -> int | None:
    return run.total * len(NAMES) if run.total else None


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Progress]:
    """Yield the display that suits stderr; a bar and the lines of a log would overwrite each other."""
    if quiet:
        yield Progress()
    elif not sys.stderr.isatty() or log.isEnabledFor(logging.INFO):
        yield Lines()
    else:
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
        bar = RichProgress(*columns, console=make_console(stderr=True), transient=True)
        with reporting():
            bar.start()
        try:
            yield Bar(bar)
        finally:
            with reporting():
                bar.stop()

"""Publisher: joins what the writers made and moves all of it to the output in one step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from liver_mre.case import join, released
from liver_mre.errors import OutputError
from liver_mre.pipeline import failed_run, run_result
from liver_mre.publish import publish
from operators.sdk import Operator
from operators.stop import INTERRUPTED

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.case import Case
    from liver_mre.core.result import RunResult
    from liver_mre.steps import Toolkit
    from operators.sdk import OperatorSpec
    from operators.step import Progress
    from operators.stop import Stop

WRITERS = ("seg", "sr", "overlay")


class PublisherOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Collect every case; when the graph has ended, publish the staged results and `result.json`.

    Named Inputs
        seg, sr, overlay: the same `Case` after each writer

    Attributes
    ----------
    result : what was published, None before the graph has ended
    error : why publishing failed, None if it did not
    """

    def __init__(
        self,
        fragment: object,
        *args: object,
        staging: Path,
        out: Path,
        toolkit: Toolkit,
        progress: Progress,
        stop: Stop,
        started: float,
        **kwargs: object,
    ) -> None:
        self.staging, self.out, self.toolkit, self.progress, self.started = staging, out, toolkit, progress, started
        self.stop_asked = stop
        self.cases: list[Case] = []
        self.result: RunResult | None = None
        self.error: OutputError | None = None
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        for writer in WRITERS:
            spec.input(writer)

    def compute(self, op_input: Any, op_output: object, context: object) -> None:  # noqa: ANN401
        """Join the branches of one case."""
        del op_output, context
        case = join([op_input.receive(writer) for writer in WRITERS])
        self.cases.append(released(case))
        self.progress.done(case)

    def stop(self) -> None:
        """Publish; called once, when the graph has ended.

        A graph that was stopped has not seen every study: then nothing is published but that it was stopped.
        """
        seconds = round(time.perf_counter() - self.started, 4)
        if not self.stop_asked.take_last_word():
            return
        complete = not self.stop_asked.asked and bool(self.cases) and len(self.cases) == self.cases[0].total
        settings = self.toolkit.settings
        result = run_result(self.cases, settings, {"total": seconds}) if complete else failed_run(INTERRUPTED)
        try:
            publish(self.staging, self.out, result)
        except OutputError as error:
            self.error = error
        self.result = result

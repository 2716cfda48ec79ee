"""Publisher: collects what the writers wrote and moves it to the output in one step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from liver_mre.errors import OutputError
from liver_mre.method.collect_results import run_result, study_result
from liver_mre.method.steps import WRITERS, result_files
from liver_mre.results.audit import log_study
from liver_mre.results.publish import publish
from liver_mre.results.result import failed_run
from liver_mre.workflow.outcome import INTERRUPTED
from liver_mre.workflow.runner import join
from operators.sdk import Operator

if TYPE_CHECKING:
    from liver_mre.results.result import RunResult
    from operators.context import Context
    from operators.sdk import OperatorSpec


class PublisherOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Collect every study; when the graph has ended, publish the staged results and `result.json`.

    Named Inputs
        one per writer, by its name: the `MreStudyRun` after that writer

    Attributes
    ----------
    result : what was published; None before the graph has ended
    error : why publishing failed; None if it did not
    """

    def __init__(self, fragment: object, *args: object, context: Context, **kwargs: object) -> None:
        self.shared = context
        self.result: RunResult | None = None
        self.error: OutputError | None = None
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        for writer in WRITERS:
            spec.input(writer.name)

    def compute(self, op_input: Any, op_output: object, context: object) -> None:  # noqa: ANN401
        """Merge the branches of one study."""
        del op_output, context
        run = join([op_input.receive(writer.name) for writer in WRITERS])
        if self.shared.stop.requested:  # steps were skipped, so the study has no result
            return
        self.shared.finished.append(study_result(run))
        log_study(len(self.shared.finished), run.total, self.shared.finished[-1])
        self.shared.progress.done(run)

    def stop(self) -> None:
        """Publish the results; called once, when the graph has ended.

        If the graph was stopped before all studies were finished, only that is published.
        """
        shared = self.shared
        if not shared.stop.first_to_report():
            return
        result = failed_run(INTERRUPTED)
        if shared.complete:
            seconds = {"total": round(time.perf_counter() - shared.started, 4)}
            result = run_result(
                shared.finished,
                shared.toolkit.settings,
                seconds,
                input_failure=shared.input_failure,
                input_warnings=shared.source.warnings,
            )
        try:
            publish(shared.staging, shared.out, result, frozenset(result_files().values()))
        except OutputError as error:
            self.error = error
        self.result = result

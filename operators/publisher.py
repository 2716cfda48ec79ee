"""Publisher: moves what the writers wrote to the output, study by study, and says at the end how the run ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from liver_mre.errors import OutputError
from liver_mre.method.collect_results import run_result, study_result
from liver_mre.method.origin import origin_of
from liver_mre.method.steps import WRITERS
from liver_mre.results.audit import log_study
from liver_mre.results.record import PUBLISHED, Origin
from liver_mre.workflow.outcome import INTERRUPTED
from liver_mre.workflow.runner import join
from operators.sdk import Operator

if TYPE_CHECKING:
    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.results.result import RunResult
    from operators.context import Context
    from operators.sdk import OperatorSpec


class PublisherOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Publish every study when it is done, and `result.json` when the graph has ended.

    Named Inputs
        one per writer, by its name: the `MreStudyRun` after that writer

    Attributes
    ----------
    result : what was published; None before the graph has ended
    error : why `result.json` could not be published; None if it could
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
        """Merge the branches of one study and publish it."""
        del op_output, context
        run: MreStudyRun = join([op_input.receive(writer.name) for writer in WRITERS])
        shared = self.shared
        if shared.stop.requested:  # steps were skipped, so the study has no result
            return
        result, origin = study_result(run), Origin()
        if result.status in PUBLISHED:
            origin = origin_of(run.study, result, shared.toolkit, shared.publication.out)
        shared.publication.publish_study(result, origin, run.total)
        log_study(len(shared.publication.finished), run.total, result)
        shared.progress.done(run)

    def stop(self) -> None:
        """Publish how the run ended; called once, when the graph has ended."""
        shared = self.shared
        publication = shared.publication
        try:
            if not shared.complete:
                self.result = publication.fail(INTERRUPTED)
                return
            seconds = {"total": round(time.perf_counter() - shared.started, 4)}
            result = run_result(
                publication.finished,
                shared.toolkit.settings,
                seconds,
                kept=publication.kept,
                input_failure=shared.input_failure,
                input_warnings=(*publication.warnings, *shared.source.warnings),
            )
            self.result = publication.finish(result)
        except OutputError as error:
            self.error = error

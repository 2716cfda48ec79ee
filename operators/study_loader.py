"""DICOM loading: the first operator of the graph, which emits one study per tick."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.api import study_runs
from liver_mre.errors import MreError, RepeatedStudyError
from liver_mre.method.origin import earlier_result
from liver_mre.workflow.outcome import internal_error, reason_of
from operators.sdk import BooleanCondition, Operator
from operators.step import STUDY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liver_mre.method.mre_study_run import MreStudyRun
    from operators.context import Context
    from operators.sdk import OperatorSpec

log = logging.getLogger(__name__)


class StudyLoaderOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Emit the studies of the source one by one, so that a folder of many studies streams through the graph.

    Where the run resumes an earlier one, studies whose results would be the same again are kept instead.

    Named Output
        study: an `MreStudyRun` before the first step

    Parameters
    ----------
    context : what the operators of the graph share; a failure to read the input is recorded in it
    """

    def __init__(self, fragment: object, *args: object, context: Context, **kwargs: object) -> None:
        self.shared = context
        self.more = BooleanCondition(fragment, name="more_studies")
        self._runs: Iterator[MreStudyRun] = iter(())
        self._next: MreStudyRun | None = None
        self._uids: set[str] = set()
        super().__init__(fragment, self.more, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.output(STUDY)

    def start(self) -> None:
        """Read the source up to the first study."""
        self.shared.progress.reading()
        self._runs = study_runs(self.shared.source)
        self._advance()

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        """Emit the next study; stop ticking after the last one or on a request to stop."""
        del op_input, context
        if self._next is not None and not self.shared.stop.requested:
            op_output.emit(self._next, STUDY)  # type: ignore[attr-defined]
            self.shared.emitted += 1
            self._advance()
        if self._next is None or self.shared.stop.requested:
            self.more.disable_tick()

    def _advance(self) -> None:
        """Get the next study to measure; there is none if the source ends or fails, or the run is to stop."""
        self._next = None
        try:
            while not self.shared.stop.requested and (run := next(self._runs, None)) is not None:
                if not self._keeps(run):
                    self._next = self._once(run)
                    return
        except MreError as error:
            self.shared.input_failure = reason_of(error)
        except Exception as error:  # a bug in reading must be reported, not end the graph
            log.debug("reading the input failed", exc_info=True)
            self.shared.input_failure = internal_error(error, " while reading the input")
        self.shared.exhausted = True

    def _keeps(self, run: MreStudyRun) -> bool:
        """Keep the earlier results of a study, where the run resumes and they would be the same again."""
        shared = self.shared
        if not shared.resume or run.study.study_instance_uid in self._uids:
            return False
        earlier = earlier_result(run.study, shared.toolkit, shared.publication.out)
        if earlier is None:
            return False
        self._uids.add(earlier.study_instance_uid)
        shared.publication.keep(earlier)
        shared.progress.kept(run)
        return True

    def _once(self, run: MreStudyRun) -> MreStudyRun:
        """Return the study, failed if the source has given it before: the same folder cannot hold both results."""
        uid = run.study.study_instance_uid
        if uid in self._uids:
            return replace(run, failure=reason_of(RepeatedStudyError()))
        self._uids.add(uid)
        return run

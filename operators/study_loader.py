"""DICOM loading: the source of the graph, one study a tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.pipeline import open_cases
from operators.sdk import BooleanCondition, Operator
from operators.step import CASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.case import Case
    from operators.sdk import OperatorSpec
    from operators.step import Progress
    from operators.stop import Stop


class StudyLoaderOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Scan the input once, then emit one study a tick, so that a folder of many studies streams through the graph.

    Named Output
        case: a `Case` with its study, or one failed case where the input holds no study
    """

    def __init__(
        self, fragment: object, *args: object, path: Path, progress: Progress, stop: Stop, **kwargs: object
    ) -> None:
        self.path = path
        self.progress = progress
        self.stop_asked = stop
        self.more = BooleanCondition(fragment, name="more_studies")
        self._cases: Iterator[Case] = iter(())
        self._left = 0
        super().__init__(fragment, self.more, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.output(CASE)

    def start(self) -> None:
        """Read the headers of everything in the input."""
        self.progress.scan()
        cases = open_cases(self.path)
        self._cases, self._left = iter(cases), len(cases)

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        """Emit the next study, and stop ticking after the last or when the run has been asked to stop."""
        del op_input, context
        if self.stop_asked.asked:
            self.more.disable_tick()
            return
        op_output.emit(next(self._cases), CASE)  # type: ignore[attr-defined]
        self._left -= 1
        if self._left == 0:
            self.more.disable_tick()

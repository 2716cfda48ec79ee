"""DICOM loading: the source of the graph, one study a tick."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from liver_mre.api import runs_of
from liver_mre.errors import MreError
from liver_mre.workflow.outcome import reason_of, unexpected
from operators.sdk import BooleanCondition, Operator
from operators.step import STUDY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liver_mre.method.mre_run import MreRun
    from operators.context import Context
    from operators.sdk import OperatorSpec

log = logging.getLogger(__name__)


class StudyLoaderOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Emit the studies of the source, one a tick, so that a folder of many studies streams through the graph.

    Named Output
        study: an `MreRun` that no step has touched yet

    Parameters
    ----------
    context : what the operators of the graph share; it is told why the source gives no studies, if it does not
    """

    def __init__(self, fragment: object, *args: object, context: Context, **kwargs: object) -> None:
        self.shared = context
        self.more = BooleanCondition(fragment, name="more_studies")
        self._runs: Iterator[MreRun] = iter(())
        self._next: MreRun | None = None
        super().__init__(fragment, self.more, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.output(STUDY)

    def start(self) -> None:
        """Read the headers of everything in the source."""
        self.shared.progress.reading()
        self._runs = runs_of(self.shared.source)
        self._advance()

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        """Emit the next study, and stop ticking after the last or when the run has been asked to stop."""
        del op_input, context
        if self._next is not None and not self.shared.stop.asked:
            op_output.emit(self._next, STUDY)  # type: ignore[attr-defined]
            self.shared.emitted += 1
            self._advance()
        if self._next is None or self.shared.stop.asked:
            self.more.disable_tick()

    def _advance(self) -> None:
        """Look at the next study; none is left where the source ends or fails."""
        self._next = None
        try:
            self._next = next(self._runs, None)
        except MreError as error:
            self.shared.input_failure = reason_of(error)
        except Exception as error:  # a bug of a reader must be reported, not end the graph
            log.debug("reading the input failed", exc_info=True)
            self.shared.input_failure = unexpected(error, " while reading the input")
        self.shared.exhausted = self._next is None

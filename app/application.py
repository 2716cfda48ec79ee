"""The MONAI Deploy application: a Holoscan graph built from the method's table of steps."""

from __future__ import annotations

import sys
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from liver_mre.method.steps import STEPS, WRITERS
from operators.liver_segmentation import LiverSegmentationOperator
from operators.overlay_writer import OverlayWriterOperator
from operators.preprocess import PreprocessOperator
from operators.publisher import PublisherOperator
from operators.report_writer import ReportWriterOperator
from operators.sdk import Application
from operators.segmentation_writer import SegmentationWriterOperator
from operators.series_selection import SeriesSelectionOperator
from operators.staging import StagingOperator
from operators.step import STUDY, StepOperator
from operators.stiffness_measurement import StiffnessMeasurementOperator
from operators.study_loader import StudyLoaderOperator

if TYPE_CHECKING:
    from liver_mre.workflow.step import Step
    from operators.context import Context

OPERATORS: Final[dict[str, type[StepOperator]]] = {
    "series_selection": SeriesSelectionOperator,
    "preprocess": PreprocessOperator,
    "liver_segmentation": LiverSegmentationOperator,
    "stiffness_measurement": StiffnessMeasurementOperator,
    "staging": StagingOperator,
    "segmentation_writer": SegmentationWriterOperator,
    "report_writer": ReportWriterOperator,
    "overlay_writer": OverlayWriterOperator,
}
"""Operator classes by their names in the table of steps; a name that is not here gets a plain `StepOperator`."""


class LiverMreApplication(Application):  # type: ignore[misc]  # the SDK is untyped
    """From DICOM studies to stiffness, stage and DICOM results; `context` is shared by all operators."""

    def __init__(self, context: Context) -> None:
        self.shared = context
        self.publisher: PublisherOperator | None = None
        super().__init__([sys.executable, "liver-mre"])  # or Holoscan would parse the arguments of this program

    def compose(self) -> None:
        """Connect the operators: a chain, the writers in parallel, one publisher."""
        chain: list[object] = [StudyLoaderOperator(self, context=self.shared, name="study_loader")]
        chain += [self._operator(name, tuple(steps)) for name, steps in groupby(STEPS, attrgetter("operator"))]
        for upstream, downstream in pairwise(chain):
            self.add_flow(upstream, downstream, {(STUDY, STUDY)})
        self.publisher = PublisherOperator(self, context=self.shared, name="publisher")
        for writer in WRITERS:
            operator = self._operator(writer.operator, (writer,))
            self.add_flow(chain[-1], operator, {(STUDY, STUDY)})
            self.add_flow(operator, self.publisher, {(STUDY, writer.name)})

    def _operator(self, name: str, steps: tuple[Step, ...]) -> StepOperator:
        return OPERATORS.get(name, StepOperator)(self, steps=steps, context=self.shared, name=name)

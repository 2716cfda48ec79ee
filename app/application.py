"""The graph: a MONAI Deploy application on Holoscan."""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from operators.liver_segmentation import LiverSegmentationOperator
from operators.overlay_writer import OverlayWriterOperator
from operators.preprocess import PreprocessOperator
from operators.publisher import PublisherOperator
from operators.report_writer import ReportWriterOperator
from operators.sdk import Application
from operators.segmentation_writer import SegmentationWriterOperator
from operators.series_selection import SeriesSelectionOperator
from operators.staging import StagingOperator
from operators.step import CASE
from operators.stiffness_measurement import StiffnessMeasurementOperator
from operators.study_loader import StudyLoaderOperator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from liver_mre.steps import Toolkit
    from operators.step import Progress
    from operators.stop import Stop


Step = TypeVar("Step")


class LiverMreApplication(Application):  # type: ignore[misc]  # the SDK is untyped
    """Studies in, stiffness, stage and DICOM results out.

    Parameters
    ----------
    path : input folder or file
    out, staging : output folder, and the staging folder in it
    toolkit : settings, rules, profile and model
    progress : told what the graph is doing
    stop : asked whether the run is to stop
    """

    def __init__(self, path: Path, out: Path, staging: Path, toolkit: Toolkit, progress: Progress, stop: Stop) -> None:
        self.path, self.out, self.staging, self.toolkit, self.progress = path, out, staging, toolkit, progress
        self.stop_asked = stop
        self.started = time.perf_counter()
        self.publisher: PublisherOperator | None = None
        super().__init__([sys.executable, "liver-mre"])  # its own arguments: Holoscan must not parse this program's

    def compose(self) -> None:
        """Wire the operators: a chain, three writers side by side, one publisher."""
        progress, toolkit, staging = self.progress, self.toolkit, self.staging

        def step(operator: Callable[..., Step], name: str, **more: object) -> Step:
            return operator(self, toolkit=toolkit, progress=progress, stop=self.stop_asked, name=name, **more)

        chain = [
            StudyLoaderOperator(self, path=self.path, progress=progress, stop=self.stop_asked, name="study_loader"),
            step(SeriesSelectionOperator, "series_selection"),
            step(PreprocessOperator, "preprocess"),
            step(LiverSegmentationOperator, "liver_segmentation"),
            step(StiffnessMeasurementOperator, "stiffness_measurement"),
            step(StagingOperator, "staging"),
        ]
        for upstream, downstream in pairwise(chain):
            self.add_flow(upstream, downstream, {(CASE, CASE)})
        writers = {
            "seg": step(SegmentationWriterOperator, "segmentation_writer", staging=staging),
            "sr": step(ReportWriterOperator, "report_writer", staging=staging),
            "overlay": step(OverlayWriterOperator, "overlay_writer", staging=staging),
        }
        self.publisher = step(PublisherOperator, "publisher", staging=staging, out=self.out, started=self.started)
        for port, operator in writers.items():
            self.add_flow(chain[-1], operator, {(CASE, CASE)})
            self.add_flow(operator, self.publisher, {(CASE, port)})

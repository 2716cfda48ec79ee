"""The graph: a MONAI Deploy application on Holoscan."""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

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
    from pathlib import Path

    from liver_mre.steps import Toolkit
    from operators.step import Progress


class LiverMreApplication(Application):  # type: ignore[misc]  # the SDK is untyped
    """Studies in, stiffness, stage and DICOM results out.

    Parameters
    ----------
    path : input folder or file
    out, staging : output folder, and the staging folder in it
    toolkit : settings, rules, profile and model
    progress : told what the graph is doing
    """

    def __init__(self, path: Path, out: Path, staging: Path, toolkit: Toolkit, progress: Progress) -> None:
        self.path, self.out, self.staging, self.toolkit, self.progress = path, out, staging, toolkit, progress
        self.started = time.perf_counter()
        self.publisher: PublisherOperator | None = None
        super().__init__([sys.executable, "liver-mre"])  # its own arguments: Holoscan must not parse this program's

    def compose(self) -> None:
        """Wire the operators: a chain, three writers side by side, one publisher."""
        step = {"toolkit": self.toolkit, "progress": self.progress}
        writer = {**step, "staging": self.staging}
        chain = [
            StudyLoaderOperator(self, path=self.path, progress=self.progress, name="study_loader"),
            SeriesSelectionOperator(self, name="series_selection", **step),
            PreprocessOperator(self, name="preprocess", **step),
            LiverSegmentationOperator(self, name="liver_segmentation", **step),
            StiffnessMeasurementOperator(self, name="stiffness_measurement", **step),
            StagingOperator(self, name="staging", **step),
        ]
        for upstream, downstream in pairwise(chain):
            self.add_flow(upstream, downstream, {(CASE, CASE)})
        writers = {
            "seg": SegmentationWriterOperator(self, name="segmentation_writer", **writer),
            "sr": ReportWriterOperator(self, name="report_writer", **writer),
            "overlay": OverlayWriterOperator(self, name="overlay_writer", **writer),
        }
        self.publisher = PublisherOperator(self, out=self.out, started=self.started, name="publisher", **writer)
        for port, operator in writers.items():
            self.add_flow(chain[-1], operator, {(CASE, CASE)})
            self.add_flow(operator, self.publisher, {(CASE, port)})

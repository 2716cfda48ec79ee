"""Writers: the results of a study's reported acquisitions as SEG, SR, overlay and preview in a staging folder."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydicom.uid import generate_uid

from liver_mre.about import __version__
from liver_mre.errors import OutputError
from liver_mre.method.stages import NotEvaluable, Staged
from liver_mre.report.content import ReportContent
from liver_mre.report.quiet import quiet
from liver_mre.report.source_files import read_sources
from liver_mre.results.finding import MeasuredFinding
from liver_mre.results.publish import ACQUISITION_FOLDER
from liver_mre.workflow.outcome import OutputFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.method.mre_run import MreRun
    from liver_mre.method.toolkit import Toolkit

    Reported = Staged | NotEvaluable
    Write = Callable[[ReportContent, "Results"], None]

SEG_FILES: Final = {"seg": "liver-seg.dcm"}
SR_FILES: Final = {"sr": "liver-sr.dcm"}
OVERLAY_FILES: Final = {"overlay": "overlay.dcm", "preview": "preview.png"}
"""What each writer may write, by kind; each kind is a name of a file in the study's folder."""
TRACKING_ROOT: Final = "liver-mre.tracking"


def import_writers() -> None:
    """Import what the writers need; a run does it while the network computes, because it takes a third of a second."""
    for name in ("picture.overlay", "secondary_capture", "seg", "sr.document"):
        importlib.import_module(f"liver_mre.report.{name}")


@quiet()
def write_segmentation(run: MreRun, toolkit: Toolkit, staging: Path) -> MreRun:
    """Write the predicted liver and the measured region as SEG; an acquisition that is not evaluable gets none."""
    from liver_mre.report.seg import build_segmentation

    del toolkit

    def write(content: ReportContent, results: Results) -> None:
        if isinstance(content.finding, MeasuredFinding):
            results.save(build_segmentation(content), "seg", SEG_FILES)

    return _write_reported(run, staging, write)


@quiet()
def write_report(run: MreRun, toolkit: Toolkit, staging: Path) -> MreRun:
    """Write the structured report, also of an acquisition that is not evaluable."""
    from liver_mre.report.sr.document import build_report

    del toolkit
    return _write_reported(run, staging, lambda content, results: results.save(build_report(content), "sr", SR_FILES))


@quiet()
def write_overlay(run: MreRun, toolkit: Toolkit, staging: Path) -> MreRun:
    """Write the overlay picture as secondary capture and, if the settings say so, as PNG."""
    from liver_mre.report.picture.overlay import render_overlay
    from liver_mre.report.secondary_capture import build_overlay

    def write(content: ReportContent, results: Results) -> None:
        rgb = render_overlay(content)
        results.save(build_overlay(content, rgb), "overlay", OVERLAY_FILES)
        if toolkit.settings.preview:
            results.save_picture(rgb, "preview", OVERLAY_FILES)

    return _write_reported(run, staging, write)


class Results:
    """The folder of one reported acquisition, and what was written into it."""

    def __init__(self, folder: Path, staging: Path, number: int) -> None:
        self._folder, self._staging, self._number = folder, staging, number
        self.outputs: list[OutputFile] = []

    def save(self, dataset: Dataset, kind: str, files: dict[str, str]) -> None:
        """Write a DICOM object. Raises `OutputError` where it cannot be written."""
        path = self._folder / files[kind]
        try:
            dataset.save_as(path, enforce_file_format=True)
        except OSError as error:
            raise OutputError from error
        self._note(path, kind, str(dataset.SOPInstanceUID))

    def save_picture(self, rgb: NDArray[np.uint8], kind: str, files: dict[str, str]) -> None:
        """Write a picture (H, W, 3). Raises `OutputError` where it cannot be written."""
        from PIL import Image

        path = self._folder / files[kind]
        try:
            Image.fromarray(rgb).save(path)
        except OSError as error:
            raise OutputError from error
        self._note(path, kind, None)

    def _note(self, path: Path, kind: str, uid: str | None) -> None:
        self.outputs.append(OutputFile(kind, path.relative_to(self._staging).as_posix(), uid, self._number))


def report_content(item: Reported, *, acquisition: str = "", rank: int = 1) -> ReportContent:
    """Gather what the result objects of one acquisition are built from; reads the source headers again, in full.

    Parameters
    ----------
    acquisition : what tells it from other reported acquisitions of its study; "" where it is the only one
    rank : its place among them, from 1; the study's own is the first
    """
    first = item.volume.instances[0]
    # Writers run side by side: the same images and model must give the same tracking UID in each object.
    identity = [TRACKING_ROOT, first.sop_instance_uid, item.mask.model.sha256]
    identity += [str(first.frame_number)] if first.frame_number is not None else []
    return ReportContent(
        finding=item.finding,
        volume=item.volume,
        mask=item.mask,
        pixels=item.region.pixels if isinstance(item, Staged) else None,
        sources=read_sources(item.volume.instances),
        application_version=__version__,
        tracking_uid=generate_uid(entropy_srcs=identity),
        created=datetime.now().astimezone(),
        acquisition=acquisition,
        acquisition_number=rank,
    )


def _write_reported(run: MreRun, staging: Path, write: Write) -> MreRun:
    """Write every reported acquisition: the study's own into its folder, others into folders in it."""
    outputs = list(run.outputs)
    for rank, place in enumerate(run.reported, start=1):
        item = run.items[place]
        if not isinstance(item, Staged | NotEvaluable):
            continue
        folder = staging / run.study.study_instance_uid
        if place != run.chosen:
            folder /= f"{ACQUISITION_FOLDER}{item.number}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError from error
        results = Results(folder, staging, item.number)
        name = item.identity.name if len(run.reported) > 1 else ""
        write(report_content(item, acquisition=name, rank=rank), results)
        outputs += results.outputs
    return replace(run, outputs=tuple(outputs))

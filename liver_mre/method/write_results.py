"""Writers: the reported acquisitions of a study as SEG, SR, overlay and preview, in a staging folder."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydicom.uid import generate_uid

from liver_mre.about import __version__
from liver_mre.errors import OutputError
from liver_mre.method.stages import NotEvaluable, Staged
from liver_mre.report.content import ReportContent
from liver_mre.report.quiet import quiet
from liver_mre.report.source.files import read_source
from liver_mre.report.source.header import clean_header
from liver_mre.results.finding import MeasuredFinding
from liver_mre.results.study_folder import ACQUISITION_FOLDER
from liver_mre.workflow.outcome import OutputFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.toolkit import Toolkit

    Reported = Staged | NotEvaluable
    Write = Callable[[ReportContent, "ResultFolder"], None]

SEG_FILES: Final = {"seg": "liver-seg.dcm"}
SR_FILES: Final = {"sr": "liver-sr.dcm"}
OVERLAY_FILES: Final = {"overlay": "overlay.dcm", "preview": "preview.png"}
"""File names by kind of result, for each writer."""
_FILES: Final = SEG_FILES | SR_FILES | OVERLAY_FILES
TRACKING_ROOT: Final = "liver-mre.tracking"


def import_writers() -> None:
    """Import what the writers need. It takes a third of a second, so a run does it while the network computes."""
    for name in ("picture.overlay", "secondary_capture", "seg", "sr.document"):
        importlib.import_module(f"liver_mre.report.{name}")


@quiet()
def write_segmentation(run: MreStudyRun, toolkit: Toolkit, staging: Path) -> MreStudyRun:
    """Write the liver mask and the measured region as SEG; not for an acquisition that is not evaluable."""
    from liver_mre.report.seg import build_segmentation

    del toolkit

    def write(content: ReportContent, folder: ResultFolder) -> None:
        if isinstance(content.finding, MeasuredFinding):
            folder.save(build_segmentation(content), "seg")

    return _write_reported(run, staging, write)


@quiet()
def write_report(run: MreStudyRun, toolkit: Toolkit, staging: Path) -> MreStudyRun:
    """Write the structured report, also for an acquisition that is not evaluable."""
    from liver_mre.report.sr.document import build_report

    del toolkit
    return _write_reported(run, staging, lambda content, folder: folder.save(build_report(content), "sr"))


@quiet()
def write_overlay(run: MreStudyRun, toolkit: Toolkit, staging: Path) -> MreStudyRun:
    """Write the overlay picture as secondary capture and, if set so, as PNG."""
    from liver_mre.report.picture.overlay import render_overlay
    from liver_mre.report.secondary_capture import build_overlay

    def write(content: ReportContent, folder: ResultFolder) -> None:
        rgb = render_overlay(content)
        folder.save(build_overlay(content, rgb), "overlay")
        if toolkit.settings.preview:
            folder.save_picture(rgb, "preview")

    return _write_reported(run, staging, write)


class ResultFolder:
    """The folder of one reported acquisition, and a list of what was written into it."""

    def __init__(self, folder: Path, staging: Path, number: int) -> None:
        self._folder, self._staging, self._number = folder, staging, number
        self.outputs: list[OutputFile] = []

    def save(self, dataset: Dataset, kind: str) -> None:
        """Write a DICOM object; raises `OutputError` if that fails."""
        with self._output(kind, str(dataset.SOPInstanceUID)) as path:
            dataset.save_as(path, enforce_file_format=True)

    def save_picture(self, rgb: NDArray[np.uint8], kind: str) -> None:
        """Write a picture (H, W, 3); raises `OutputError` if that fails."""
        from PIL import Image

        with self._output(kind, None) as path:
            Image.fromarray(rgb).save(path)

    @contextmanager
    def _output(self, kind: str, uid: str | None) -> Iterator[Path]:
        path = self._folder / _FILES[kind]
        try:
            for folder in (self._staging / path.relative_to(self._staging).parts[0], self._folder):
                folder.mkdir(exist_ok=True)  # not the staging folder: if that is gone, so is the output
            yield path
        except OSError as error:
            raise OutputError.of(error) from error
        self.outputs.append(OutputFile(kind, path.relative_to(self._staging).as_posix(), uid, self._number))


def report_content(item: Reported, *, acquisition: str = "", rank: int = 1) -> ReportContent:
    """Gather what the result objects of one acquisition are built from; reads the header of its first image again.

    Parameters
    ----------
    acquisition : its name, to tell it from other reported acquisitions of the study; "" if it is the only one
    rank : its position among them, from 1; the one that stands for the study comes first
    """
    first = item.volume.instances[0]
    # Derived from images and model, because parallel writers must use the same tracking UID.
    identity = [TRACKING_ROOT, first.sop_instance_uid, item.mask.model.sha256]
    identity += [str(first.frame_number)] if first.frame_number is not None else []
    return ReportContent(
        finding=item.finding,
        volume=item.volume,
        mask=item.mask,
        pixels=item.region.pixels if isinstance(item, Staged) else None,
        source=clean_header(read_source(first)),
        application_version=__version__,
        tracking_uid=generate_uid(entropy_srcs=identity),
        created=datetime.now().astimezone(),
        acquisition=acquisition,
        acquisition_number=rank,
    )


def _write_reported(run: MreStudyRun, staging: Path, write: Write) -> MreStudyRun:
    """Write every reported acquisition: the chosen one into the study's folder, others into subfolders."""
    outputs, notes = list(run.outputs), list(run.warnings)
    for rank, place in enumerate(run.reported, start=1):
        item = run.items[place]
        if not isinstance(item, Staged | NotEvaluable):
            continue
        folder = staging / run.study.study_instance_uid
        if place != run.chosen:
            folder /= f"{ACQUISITION_FOLDER}{item.number}"
        results = ResultFolder(folder, staging, item.number)
        name = item.identity.name if len(run.reported) > 1 else ""
        content = report_content(item, acquisition=name, rank=rank)
        write(content, results)
        outputs += results.outputs
        notes += content.source.notes
    return replace(run, outputs=tuple(outputs), warnings=tuple(dict.fromkeys(notes)))

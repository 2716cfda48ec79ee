"""Steps that write the results of a case's reported exams into a staging folder: SEG, SR, overlay and preview."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydicom.uid import generate_uid

from liver_mre import __version__
from liver_mre.core.result import ACQUISITION_FOLDER, FILE_NAMES, OutputFile
from liver_mre.errors import OutputError
from liver_mre.report.content import ReportContent
from liver_mre.report.quiet import quiet
from liver_mre.report.source_files import read_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.case import Case
    from liver_mre.exam import Exam

TRACKING_ROOT = "liver-mre.tracking"


def import_writers() -> None:
    """Import what the writers need; a run does it while the network computes, because it takes a third of a second."""
    for name in ("overlay", "secondary_capture", "seg", "sr"):
        importlib.import_module(f"liver_mre.report.{name}")


def report_content(exam: Exam, *, acquisition: str = "", rank: int = 1) -> ReportContent:
    """Gather what the result objects of one exam are built from; reads the source headers again, in full.

    Parameters
    ----------
    exam : a reported exam
    acquisition : what tells it from other reported exams of its study; "" where it is the only one
    rank : its place among them, from 1; the study's own is the first

    Raises
    ------
    ValueError
        If the exam has not been through all steps of the method.
    """
    if exam.volume is None or exam.mask is None:
        message = "results can only be written for an exam that has been segmented"
        raise ValueError(message)
    first = exam.volume.instances[0]
    # The writers run apart: the same images and model must give the same tracking UID in each object.
    identity = [TRACKING_ROOT, first.sop_instance_uid, exam.mask.model.sha256]
    identity += [str(first.frame_number)] if first.frame_number is not None else []
    return ReportContent(
        volume=exam.volume,
        mask=exam.mask,
        measurement=exam.measurement,
        staging=exam.staging,
        reason=exam.not_evaluable,
        unit=exam.selection.unit,
        sources=read_sources(exam.volume.instances),
        application_version=__version__,
        tracking_uid=generate_uid(entropy_srcs=identity),
        created=datetime.now().astimezone(),
        notes=exam.notes,
        acquisition=acquisition,
        acquisition_number=rank,
        pixels=exam.region.pixels if exam.region else None,
        change=exam.change,
        quality=exam.quality,
        quality_model=exam.quality_model,
    )


@quiet()
def write_segmentation(case: Case, staging: Path) -> Case:
    """Write the predicted liver as SEG; an exam that is not evaluable gets none."""

    def write(exam: Exam, folder: Path) -> list[OutputFile]:
        from liver_mre.report.seg import build_segmentation

        if exam.measurement is None:
            return []
        return [_save(build_segmentation(_content(case, exam)), "seg", folder, staging)]

    return _for_reported(case, staging, write)


@quiet()
def write_report(case: Case, staging: Path) -> Case:
    """Write the structured report, also for an exam that is not evaluable."""

    def write(exam: Exam, folder: Path) -> list[OutputFile]:
        from liver_mre.report.sr import build_report

        return [_save(build_report(_content(case, exam)), "sr", folder, staging)]

    return _for_reported(case, staging, write)


@quiet()
def write_overlay(case: Case, staging: Path, *, preview: bool) -> Case:
    """Write the overlay picture as secondary capture and, if asked for, as PNG."""

    def write(exam: Exam, folder: Path) -> list[OutputFile]:
        from liver_mre.report.overlay import render_overlay
        from liver_mre.report.secondary_capture import build_overlay

        content = _content(case, exam)
        rgb = render_overlay(content)
        outputs = [_save(build_overlay(content, rgb), "overlay", folder, staging)]
        return [*outputs, _save_picture(rgb, folder, staging)] if preview else outputs

    return _for_reported(case, staging, write)


def _content(case: Case, exam: Exam) -> ReportContent:
    reported = case.reported
    name = exam.name if len(reported) > 1 else ""
    return report_content(exam, acquisition=name, rank=1 + [one.number for one in reported].index(exam.number))


def _for_reported(case: Case, staging: Path, write: Callable[[Exam, Path], list[OutputFile]]) -> Case:
    """Write for every reported exam: the study's own into its folder, others into folders in it."""
    exams = []
    for exam in case.exams:
        outputs = write(exam, _folder(case, exam, staging)) if exam.reported else []
        exams.append(replace(exam, outputs=(*exam.outputs, *outputs)))
    return replace(case, exams=tuple(exams))


def _folder(case: Case, exam: Exam, staging: Path) -> Path:
    if case.study is None:
        message = "a case without a study has no results to write"
        raise ValueError(message)
    folder = staging / case.study.study_instance_uid
    if not exam.represents:
        folder /= f"{ACQUISITION_FOLDER}{exam.number}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError from error
    return folder


def _save(dataset: Dataset, kind: str, folder: Path, staging: Path) -> OutputFile:
    path = folder / FILE_NAMES[kind]
    try:
        dataset.save_as(path, enforce_file_format=True)
    except OSError as error:
        raise OutputError from error
    return OutputFile(kind, path.relative_to(staging).as_posix(), str(dataset.SOPInstanceUID))


def _save_picture(rgb: NDArray[np.uint8], folder: Path, staging: Path) -> OutputFile:
    from PIL import Image

    path = folder / FILE_NAMES["preview"]
    try:
        Image.fromarray(rgb).save(path)
    except OSError as error:
        raise OutputError from error
    return OutputFile("preview", path.relative_to(staging).as_posix(), None)

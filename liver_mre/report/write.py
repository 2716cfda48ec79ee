"""Steps that write a case's results into a staging folder: SEG, SR, overlay and preview."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pydicom
from pydicom.uid import generate_uid

from liver_mre import __version__
from liver_mre.core.result import FILE_NAMES, OutputFile
from liver_mre.errors import OutputError
from liver_mre.report.content import ReportContent
from liver_mre.report.quiet import quiet

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

    from liver_mre.case import Case

TRACKING_ROOT = "liver-mre.tracking"


def import_writers() -> None:
    """Import what the writers need; a run does it while the network computes, because it takes a third of a second."""
    for name in ("overlay", "secondary_capture", "seg", "sr"):
        importlib.import_module(f"liver_mre.report.{name}")


def report_content(case: Case) -> ReportContent:
    """Gather what the result objects of one case are built from; reads the source headers again, in full.

    Raises
    ------
    ValueError
        If the case has not been through all steps of the method.
    """
    if case.volume is None or case.mask is None or case.selection is None:
        message = "results can only be written for a case that has been segmented"
        raise ValueError(message)
    instances = case.volume.instances
    sources = tuple(pydicom.dcmread(i.source, stop_before_pixels=True, force=True) for i in instances)
    return ReportContent(
        volume=case.volume,
        mask=case.mask,
        measurement=case.measurement,
        staging=case.staging,
        reason=case.not_evaluable,
        unit=case.selection.unit,
        sources=sources,
        application_version=__version__,
        # The writers run apart: the same study and model must give the same tracking UID in each object.
        tracking_uid=generate_uid(entropy_srcs=[TRACKING_ROOT, instances[0].sop_instance_uid, case.mask.model.sha256]),
        created=datetime.now().astimezone(),
    )


@quiet()
def write_segmentation(case: Case, staging: Path) -> Case:
    """Write the predicted liver as SEG; an exam that is not evaluable gets none."""
    if case.measurement is None:
        return case
    from liver_mre.report.seg import build_segmentation

    return _with_dicom(case, staging, "seg", build_segmentation(report_content(case)))


@quiet()
def write_report(case: Case, staging: Path) -> Case:
    """Write the structured report, also for an exam that is not evaluable."""
    from liver_mre.report.sr import build_report

    return _with_dicom(case, staging, "sr", build_report(report_content(case)))


@quiet()
def write_overlay(case: Case, staging: Path, *, preview: bool) -> Case:
    """Write the overlay picture as secondary capture and, if asked for, as PNG."""
    from PIL import Image

    from liver_mre.report.overlay import render_overlay
    from liver_mre.report.secondary_capture import build_overlay

    content = report_content(case)
    rgb = render_overlay(content)
    case = _with_dicom(case, staging, "overlay", build_overlay(content, rgb))
    if not preview:
        return case
    path = _study_folder(case, staging) / FILE_NAMES["preview"]
    try:
        Image.fromarray(rgb).save(path)
    except OSError as error:
        raise OutputError from error
    return _with_output(case, OutputFile("preview", str(path.relative_to(staging)), None))


def _with_dicom(case: Case, staging: Path, kind: str, dataset: Dataset) -> Case:
    path = _study_folder(case, staging) / FILE_NAMES[kind]
    try:
        dataset.save_as(path, enforce_file_format=True)
    except OSError as error:
        raise OutputError from error
    return _with_output(case, OutputFile(kind, str(path.relative_to(staging)), str(dataset.SOPInstanceUID)))


def _with_output(case: Case, output: OutputFile) -> Case:
    return replace(case, outputs=(*case.outputs, output))


def _study_folder(case: Case, staging: Path) -> Path:
    if case.study is None:
        message = "a case without a study has no results to write"
        raise ValueError(message)
    folder = staging / case.study.study_instance_uid
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError from error
    return folder

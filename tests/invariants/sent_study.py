"""One simulated exam in several encodings, as data sets to change, and what is measured of them in the true liver."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import config, dcmread

from liver_mre.errors import MreError
from liver_mre.liver.mask import LiverMask, ModelIdentity
from liver_mre.method.measure_stiffness import measure_stiffness
from liver_mre.method.not_evaluable import NO_MAGNITUDE
from liver_mre.method.stages import Judged, Measured, Selected
from liver_mre.method.toolkit import Toolkit
from liver_mre.series.plan import plan_series
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.settings import Settings
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from simulation.encodings import ENCODINGS
from simulation.encodings.parts import axial_placement, slice_z_mm
from simulation.encodings.types import SeriesKind
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Instance
    from simulation.types import SimulatedExam

    Images = list["SentImage"]

SEED = 4711
MODEL = ModelIdentity("the simulated liver", "1", "0" * 64, "none", "none")
RULES = load_scanner_rules()
# Nothing is measured in these, and they would only take time.
LEFT_OUT = {SeriesKind.LOCALIZER, SeriesKind.ANATOMY, SeriesKind.PHASE, SeriesKind.WAVE, SeriesKind.COLOUR}
MEASURED = {SeriesKind.STIFFNESS, SeriesKind.STIFFNESS_MASKED}


@dataclass(slots=True)
class SentImage:
    """One file of a study: what its series shows, its name and its content."""

    kind: SeriesKind
    name: str
    ds: Dataset


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a study: stiffness and area, or the code and words of the refusal, and where it was refused."""

    mean_kpa: float = 0.0
    area_cm2: float = 0.0
    code: str = ""
    words: str = ""
    by: str = ""


@cache
def exam() -> SimulatedExam:
    """Return a simulated exam, with every second pixel only, which is quick to read and to write."""
    full = simulate_exam(SEED, stage="F3", slices=4)
    images = ("magnitude", "phase_rad", "wave_um", "stiffness_kpa", "confidence", "t2")
    truth = replace(full.truth, tissue=coarse(full.truth.tissue), liver=coarse(full.truth.liver))
    row_mm, column_mm = full.pixel_spacing_mm
    return replace(
        full,
        pixel_spacing_mm=(2 * row_mm, 2 * column_mm),
        truth=truth,
        **{name: coarse(getattr(full, name)) for name in images},
    )


def coarse(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values[..., ::2, ::2])


def sent(encoding: str, folder: Path) -> list[SentImage]:
    """Return the elastography of the exam as a scanner writes it."""
    written = ENCODINGS[encoding](exam(), folder)
    return [
        SentImage(SeriesKind(series.kind), file.name, dcmread(file))
        for series in written.series
        if series.kind not in LEFT_OUT
        for file in series.files
    ]


def copied(images: list[SentImage]) -> list[SentImage]:
    return [SentImage(one.kind, one.name, copy.deepcopy(one.ds)) for one in images]


def arrived(images: list[SentImage], folder: Path) -> Path:
    """Write a study as it arrives."""
    folder.mkdir(parents=True)
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of them are not valid
        for one in images:
            one.ds.preamble = bytes(128)
            # Not enforced, because that would correct the file meta information.
            one.ds.save_as(folder / one.name, enforce_file_format=False)
    return folder


def outcome_of(folder: Path) -> Outcome:
    """Measure the study of a folder in the true liver, by the application's own steps but without its network."""
    try:
        (study,) = read_studies(folder).studies
        acquisitions = plan_series(study, RULES).select()
    except MreError as error:
        return Outcome(code=error.code, words=str(error), by="headers")
    found = [_measured(one.acquisition) for one in acquisitions]
    return max(found, key=lambda one: one.area_cm2)


def _measured(acquisition: Acquisition) -> Outcome:
    try:
        volume = read_stiffness(acquisition, companions=True)
        if volume.magnitude is None:
            by = "headers" if acquisition.magnitude is None else "pixels"
            return Outcome(code=NO_MAGNITUDE.code, words=" ".join((*acquisition.notes, *volume.notes)), by=by)
        mask = LiverMask(true_liver(volume), MODEL)
        judged = Selected(1, 0, acquisition).to(
            Judged, volume=volume, contour=None, network_channels=("stiffness",), mask=mask
        )
        with Toolkit(Settings(quality_control=False)) as toolkit:
            measured = measure_stiffness(judged, toolkit)
    except MreError as error:
        return Outcome(code=error.code, words=str(error), by="pixels")
    if not isinstance(measured, Measured):
        return Outcome(code=measured.reason.code, words=measured.reason.message, by="pixels")
    return Outcome(measured.measurement.mean_kpa, measured.measurement.area_cm2)


def true_liver(volume: StiffnessVolume) -> NDArray[np.bool_]:
    """Return the simulated liver (S, R, C) on the pixels of a volume, wherever they lie in the patient."""
    return np.stack([_liver_at(image) for image in volume.instances])


def _liver_at(image: Instance) -> NDArray[np.bool_]:
    truth = exam()
    assert image.position_mm is not None
    assert image.orientation is not None
    assert image.pixel_spacing_mm is not None
    along_row, along_column = np.reshape(image.orientation, (2, 3))
    rows, columns = np.indices((image.rows, image.columns))
    points = (
        np.array(image.position_mm)[:, None, None]
        + along_column[:, None, None] * rows * image.pixel_spacing_mm[0]
        + along_row[:, None, None] * columns * image.pixel_spacing_mm[1]
    )
    level = int(np.argmin(np.abs(np.array(slice_z_mm(truth)) - image.position_mm[2])))
    corner, spacing = axial_placement(truth, 0.0).position_mm, truth.pixel_spacing_mm
    liver = truth.truth.liver[level]
    row = np.rint((points[1] - corner[1]) / spacing[0]).astype(int)
    column = np.rint((points[0] - corner[0]) / spacing[1]).astype(int)
    inside = (row >= 0) & (row < liver.shape[0]) & (column >= 0) & (column < liver.shape[1])
    found = np.zeros(inside.shape, np.bool_)
    found[inside] = liver[row[inside], column[inside]]
    return found


def by_series(images: Iterable[SentImage]) -> list[Images]:
    """Return the images of each series by InstanceNumber."""
    found: dict[str, Images] = {}
    for one in images:
        found.setdefault(str(one.ds.SeriesInstanceUID), []).append(one)
    return [sorted(series, key=lambda one: int(one.ds.InstanceNumber)) for series in found.values()]


def is_multi_frame(images: Images) -> bool:
    return "NumberOfFrames" in images[0].ds


def stiffness(images: Images) -> Images:
    return [one for one in images if one.kind in MEASURED]

"""Studies with companions, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from simulation.encodings import ENCODINGS
from tests.simulation.exam_factory import make_exam
from tests.studies.files import chosen

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume
    from simulation.encodings.types import SeriesKind, WrittenStudy

EXAM = make_exam()


def writing(kind: SeriesKind) -> list[str]:
    """Return the encodings that write a series of a kind."""
    return [name for name in sorted(ENCODINGS) if any(one.kind == kind for one in ENCODINGS[name].plan(EXAM).series)]


def selected(folder: Path) -> Acquisition:
    (study,) = read_studies(folder).studies
    return chosen(study)


def loaded(folder: Path) -> StiffnessVolume:
    return read_stiffness(selected(folder), companions=True)


def files_of(study: WrittenStudy, kind: SeriesKind) -> tuple[Path, ...]:
    return next(series.files for series in study.series if series.kind == kind)

"""Copies of written files with something changed in them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pydicom import Dataset, dcmread

from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from tests.planning import select

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Study
    from simulation.encodings.types import WrittenStudy

RULES = load_scanner_rules()


def masked_files(study: WrittenStudy) -> tuple[Path, ...]:
    """Return the files of the masked stiffness series."""
    return next(series.files for series in study.series if series.description.endswith("StiffC95"))


def copy_files(files: Sequence[Path], folder: Path) -> list[Path]:
    """Copy files into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return [shutil.copy(file, folder / file.name) for file in files]


def change(file: Path, edit: Callable[[Dataset], object]) -> None:
    """Edit the data set of a file in place."""
    dataset = dcmread(file)
    edit(dataset)
    dataset.save_as(file)


def read_volume(folder: Path) -> StiffnessVolume:
    """Read, select and load the one study of a folder."""
    (study,) = read_studies(folder).studies
    return read_stiffness(chosen(study))


def chosen(study: Study) -> Acquisition:
    """Return the one acquisition of a study that can be measured."""
    (acquisition,) = select(study, RULES).acquisitions
    return acquisition

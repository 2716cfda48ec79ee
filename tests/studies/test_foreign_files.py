"""Files of every kind that pydicom tests itself with, alone and among a study's own, are read or left out quietly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom.data
import pytest

from liver_mre.errors import MreError
from liver_mre.series.plan import plan_series
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.decoding import read_images
from liver_mre.studies.reader import read_studies
from tests.studies.files import RULES, chosen, read_volume

if TYPE_CHECKING:
    from simulation.encodings.types import WrittenStudy

FOREIGN = sorted(
    path
    for path in (Path(pydicom.data.__file__).parent / "test_files").rglob("*")
    if path.is_file() and "py" not in path.suffix
)


def measure(path: Path) -> None:
    """Read all that can be read of a file: headers, series, pixels."""
    for study in read_studies(path).studies:
        plan = plan_series(study, RULES)
        plan.listing()
        for series in study.series:
            try:
                read_images(series.instances)
            except MreError as error:
                assert "Nothing was measured" in str(error) or "Send the series again" in str(error)  # noqa: PT017 - most
        for one in plan.select():
            read_stiffness(one.acquisition)


def test_each_file_alone_is_read_or_refused_with_a_reason() -> None:
    assert len(FOREIGN) > 100
    for path in FOREIGN:
        try:
            measure(path)
        except MreError as error:
            assert str(error).endswith(".")  # noqa: PT017 - some are measured, as far as they go


@pytest.mark.parametrize("one_folder", [False, True])
def test_among_a_good_study_they_change_nothing(siemens: WrittenStudy, tmp_path: Path, *, one_folder: bool) -> None:
    expected = read_volume(siemens.folder)
    shutil.copytree(siemens.folder, tmp_path / "in")
    for number, path in enumerate(FOREIGN):
        target = tmp_path / "in" / ("" if one_folder else f"{number}") / f"{number}-{path.name}"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    studies = read_studies(tmp_path / "in").studies
    (own,) = (study for study in studies if study.study_instance_uid == siemens.study_instance_uid)
    found = read_stiffness(chosen(own))
    np.testing.assert_array_equal(found.stiffness_kpa, expected.stiffness_kpa)
    np.testing.assert_array_equal(found.confident, expected.confident)

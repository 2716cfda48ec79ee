"""Claims about multi-frame objects that are stored in parts: read as one, and never measured in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.api import check_folder
from liver_mre.errors import ContradictoryImagesError, MissingSlicesError
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.concatenation import check_concatenations
from liver_mre.studies.reader import read_studies
from liver_mre.studies.study import ConcatenationPart, Instance
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.stiffness.companion_files import EXAM, files_of, loaded
from tests.studies.concatenations import split
from tests.studies.files import change, chosen

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy

FRAMES = len(EXAM.stiffness_kpa)


@pytest.fixture
def study(tmp_path: Path) -> WrittenStudy:
    return ENCODINGS["philips-enhanced"](EXAM, tmp_path / "study")


@pytest.mark.parametrize("sizes", [(2, FRAMES - 2), (1,) * FRAMES])
def test_a_complete_concatenation_is_read_as_the_object_that_it_was(
    study: WrittenStudy, sizes: tuple[int, ...]
) -> None:
    expected = loaded(study.folder)
    for kind in (SeriesKind.STIFFNESS, SeriesKind.CONFIDENCE):
        (file,) = files_of(study, kind)
        split(file, sizes)
    found = loaded(study.folder)
    np.testing.assert_array_equal(found.stiffness_kpa, expected.stiffness_kpa)
    np.testing.assert_array_equal(found.confident, expected.confident)
    assert found.notes == expected.notes
    numbers = [[image.instance_number for image in volume.instances] for volume in (found, expected)]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(("lost", "total"), [(0, "said"), (1, "said"), (2, "said"), (0, "not said"), (1, "not said")])
def test_a_concatenation_that_lacks_a_part_is_refused_and_the_elements_are_named(
    study: WrittenStudy, lost: int, total: str
) -> None:
    for kind in (SeriesKind.STIFFNESS, SeriesKind.CONFIDENCE, SeriesKind.MAGNITUDE):
        (file,) = files_of(study, kind)
        parts = split(file, (1, 1, FRAMES - 2))
        for part in parts:
            if total == "not said":
                change(part, lambda ds: ds.pop("InConcatenationTotalNumber"))
        parts[lost].unlink()
    (found,) = read_studies(study.folder).studies
    with pytest.raises(MissingSlicesError, match=r"concatenation.*InConcatenation") as error:
        read_stiffness(chosen(found))
    assert "Nothing was measured; send the complete series again." in str(error.value)
    assert check_folder(study.folder).exit_code == 4


def test_a_concatenation_beside_its_whole_object_is_read_once(study: WrittenStudy) -> None:
    expected = loaded(study.folder)
    for kind in (SeriesKind.STIFFNESS, SeriesKind.CONFIDENCE):
        (file,) = files_of(study, kind)
        whole = file.read_bytes()
        split(file, (2, FRAMES - 2))
        file.with_name(f"{file.name}-whole").write_bytes(whole)
    found = loaded(study.folder)
    np.testing.assert_array_equal(found.stiffness_kpa, expected.stiffness_kpa)
    np.testing.assert_array_equal(found.confident, expected.confident)


def part(number: int, frames: int = 2, **other: int) -> Instance:
    return Instance("", str(number), "", concatenation=ConcatenationPart("1.2", number, frames, **other))


def test_frames_that_are_missing_before_a_part_are_known_by_its_offset() -> None:
    check_concatenations([part(1, offset=0), part(2, offset=2), Instance("", "3", "")], "stiffness series")
    with pytest.raises(MissingSlicesError, match="begins after 3 frames"):
        check_concatenations([part(1, offset=0), part(2, offset=3)], "stiffness series")
    with pytest.raises(MissingSlicesError, match="begins after 2 frames"):
        check_concatenations([part(0, offset=2)], "stiffness series")


@pytest.mark.parametrize("parts", [(part(1, total=2), part(2, total=3)), (part(1, total=2), part(3, total=2))])
def test_parts_that_contradict_each_other_are_refused(parts: tuple[Instance, ...]) -> None:
    with pytest.raises(ContradictoryImagesError, match="InConcatenationTotalNumber"):
        check_concatenations(parts, "stiffness series")

"""The unmasked stiffness beside a masked one is read, and never measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.stiffness.source import read_stiffness
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.stiffness.companion_files import EXAM, files_of, loaded, selected
from tests.studies.files import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom import Dataset

    from simulation.encodings.types import WrittenStudy


pytestmark = pytest.mark.slow


@pytest.fixture
def study(tmp_path: Path) -> WrittenStudy:
    return ENCODINGS["siemens-gre"](EXAM, tmp_path / "study")


@pytest.mark.parametrize("modifiers", [(), ("shuffled",), ("breath-holds",)])
@pytest.mark.parametrize("encoding", ["siemens-gre", "siemens-epi", "siemens-xa", "ge-stgry"])
def test_the_unmasked_stiffness_is_read_beside_the_masked_one_which_alone_is_measured(
    encoding: str, modifiers: tuple[str, ...], tmp_path: Path
) -> None:
    study = ENCODINGS[encoding](EXAM, tmp_path / "study", modifiers=modifiers)
    volume = loaded(study.folder)
    assert volume.unmasked_kpa is not None, volume.notes
    rows, columns = EXAM.stiffness_kpa.shape[1:]
    above, left = np.subtract(volume.unmasked_kpa.shape[1:], (rows, columns)) // 2
    inside = np.s_[:, above : above + rows, left : left + columns]
    np.testing.assert_allclose(volume.unmasked_kpa[inside], EXAM.stiffness_kpa[::-1], atol=0.0051)
    assert (volume.masked, volume.only_masked) == (True, False)
    assert (volume.unmasked_kpa > 0).sum() > 2 * volume.valid.sum()
    plain = read_stiffness(selected(study.folder))
    np.testing.assert_array_equal(volume.stiffness_kpa, plain.stiffness_kpa)
    np.testing.assert_array_equal(volume.confident, plain.confident)


def _one_count_more(ds: Dataset) -> None:
    ds.PixelData = (ds.pixel_array + (ds.pixel_array > 200)).astype("<u2").tobytes()


def _as_masked(ds: Dataset) -> None:
    pixels = ds.pixel_array
    ds.PixelData = np.where(pixels > 200, pixels, 0).astype("<u2").tobytes()


@pytest.mark.parametrize(
    ("edit", "words"), [(_one_count_more, "differs from the masked"), (_as_masked, "look masked, too")]
)
def test_an_unmasked_stiffness_that_differs_or_is_masked_itself_is_left_out(
    study: WrittenStudy, edit: Callable[[Dataset], None], words: str
) -> None:
    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, edit)
    volume = loaded(study.folder)
    assert volume.unmasked_kpa is None
    assert volume.only_masked
    assert any(words in note and "series 6" in note for note in volume.notes)
    assert volume.magnitude is not None


def test_an_unmasked_stiffness_with_contradicting_copies_is_left_out(study: WrittenStudy) -> None:
    assert selected(study.folder).maps.unmasked is not None
    copy = study.folder / "copy"
    copy.write_bytes(files_of(study, SeriesKind.STIFFNESS)[0].read_bytes())
    change(copy, _one_count_more)
    assert selected(study.folder).maps.unmasked is None


def test_an_unmasked_stiffness_of_another_scale_is_left_out(study: WrittenStudy) -> None:
    def in_pascal(ds: Dataset) -> None:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 10.05, 0, "Pa"

    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, in_pascal)
    assert selected(study.folder).maps.unmasked is None


def test_masked_stiffness_with_a_confidence_map_counts_as_masked(tmp_path: Path) -> None:
    """The header does not say whether it is masked, and no network was trained on a mask with a confidence map."""
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    confident = EXAM.confidence >= 0.95
    for number, file in enumerate(files_of(study, SeriesKind.STIFFNESS)):
        level = len(confident) - 1 - number  # seed 7 is odd: numbered from the feet

        def mask(ds: Dataset, here: np.ndarray = confident[level]) -> None:
            ds.PixelData = np.where(here, ds.pixel_array, 0).astype("<u2").tobytes()

        change(file, mask)
    volume = loaded(study.folder)
    assert (volume.masked, volume.only_masked) == (True, True)
    assert volume.confident.any()

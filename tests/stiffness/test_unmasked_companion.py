"""The unmasked stiffness beside a masked one is read, and never measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from liver_mre.errors import ContradictoryImagesError
from liver_mre.stiffness.source import read_stiffness
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.stiffness.companion_files import EXAM, files_of, loaded, selected
from tests.studies.files import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def _times_a_half_more(ds: Dataset) -> None:
    ds.PixelData = (ds.pixel_array * 1.5).astype("<u2").tobytes()


def _five_pixels(ds: Dataset) -> None:
    pixels = ds.pixel_array.copy()
    pixels[10, 8:13] = 400
    ds.PixelData = pixels.tobytes()


def _half_of_it_lost(ds: Dataset) -> None:
    pixels = ds.pixel_array.copy()
    pixels[: len(pixels) // 2] = 0
    ds.PixelData = pixels.tobytes()


@pytest.mark.parametrize("companions", [False, True])
@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        (SeriesKind.STIFFNESS_MASKED, _times_a_half_more),
        (SeriesKind.STIFFNESS_MASKED, _five_pixels),
        (SeriesKind.STIFFNESS, _times_a_half_more),
        (SeriesKind.STIFFNESS, _five_pixels),
        (SeriesKind.STIFFNESS, _half_of_it_lost),
    ],
)
def test_masked_and_unmasked_stiffness_that_differ_in_one_slice_are_refused_and_both_named(
    study: WrittenStudy, kind: SeriesKind, edit: Callable[[Dataset], None], *, companions: bool
) -> None:
    change(files_of(study, kind)[2], edit)
    with pytest.raises(ContradictoryImagesError, match=r"series 7.*series 6.*differ in \d+ of \d+ pixels"):
        read_stiffness(selected(study.folder), companions=companions)


def _smaller(ds: Dataset) -> None:
    if "PixelSpacing" in ds:
        ds.PixelSpacing = [0.62 * float(spacing) for spacing in ds.PixelSpacing]


@pytest.mark.parametrize(
    ("child", "words"), [(False, "covers the whole body without holes"), (True, "have the same pixels in slice 2")]
)
def test_a_slice_that_is_not_masked_in_a_masked_series_is_refused(
    study: WrittenStudy, *, child: bool, words: str
) -> None:
    pixels = dcmread(files_of(study, SeriesKind.STIFFNESS)[1]).PixelData
    change(files_of(study, SeriesKind.STIFFNESS_MASKED)[1], lambda ds: setattr(ds, "PixelData", pixels))
    for file in study.folder.iterdir() if child else ():
        change(file, _smaller)
    with pytest.raises(ContradictoryImagesError, match=words):
        read_stiffness(selected(study.folder))


def test_an_unmasked_stiffness_may_differ_by_the_rounding_of_a_count(study: WrittenStudy) -> None:
    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, _one_count_more)
    assert loaded(study.folder).unmasked_kpa is not None


def test_an_unmasked_stiffness_that_looks_masked_itself_is_left_out(study: WrittenStudy) -> None:
    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, _as_masked)
    volume = loaded(study.folder)
    assert volume.unmasked_kpa is None
    assert volume.only_masked
    assert any("look masked, too" in note and "series 6" in note for note in volume.notes)
    assert volume.magnitude is not None


def test_an_unmasked_stiffness_with_contradicting_copies_is_left_out(study: WrittenStudy) -> None:
    assert selected(study.folder).maps.unmasked is not None
    copy = study.folder / "copy"
    copy.write_bytes(files_of(study, SeriesKind.STIFFNESS)[0].read_bytes())
    change(copy, _one_count_more)
    acquisition = selected(study.folder)
    assert acquisition.maps.unmasked is None
    assert any("series 6" in note and "contradict each other" in note for note in acquisition.notes)


def test_an_unmasked_stiffness_whose_header_contradicts_itself_is_left_out(study: WrittenStudy) -> None:
    def in_pascal(ds: Dataset) -> None:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 12, 0, "Pa"

    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, in_pascal)
    acquisition = selected(study.folder)
    assert acquisition.maps.unmasked is None
    assert any("series 6" in note and "contradicts itself" in note for note in acquisition.notes)


def test_an_unmasked_stiffness_of_finer_steps_is_compared_in_kpa(study: WrittenStudy) -> None:
    """As Philips could store it: its own scale, the same stiffness."""
    acquisition = selected(study.folder)

    def in_pascal(ds: Dataset) -> None:
        ds.PixelData = (ds.pixel_array * 10).astype("<u2").tobytes()

    for file in files_of(study, SeriesKind.STIFFNESS):
        change(file, in_pascal)
    assert acquisition.maps is not None
    (coarse,) = set(acquisition.maps.unmasked_units)
    for factor in (1.0, 1.2):
        fine = replace(coarse, kpa_per_count=coarse.kpa_per_count / 10 * factor)
        units = (fine,) * len(acquisition.maps.unmasked_units)
        other = replace(acquisition, maps=replace(acquisition.maps, unmasked_units=units))
        if factor == 1.0:
            assert read_stiffness(other, companions=True).unmasked_kpa is not None
        else:
            with pytest.raises(ContradictoryImagesError):
                read_stiffness(other)


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

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liver_mre.errors import (
    GeometryError,
    ImplausibleStiffnessError,
    LossyPixelsError,
    MissingSlicesError,
    MreError,
    NoConfidenceError,
    UnknownUnitError,
)
from liver_mre.series.acquisition import Acquisition, ScannerMaps, UnitEvidence
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from liver_mre.studies.study import Instance, Series
from tests.studies.enhanced import Frame, enhanced, save

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SLICES, ROWS, COLUMNS = 4, 32, 40
UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "the rule for Siemens scanners")
Z_MM = tuple(10.0 * s for s in range(SLICES))


def body() -> NDArray[np.bool_]:
    """Return a body that widens from slice to slice."""
    inside = np.zeros((SLICES, ROWS, COLUMNS), np.bool_)
    for s in range(SLICES):
        inside[s, 3:-3, 5 - s : -3] = True
    return inside


def elastogram() -> NDArray[np.uint16]:
    return np.where(body(), 180 + 10 * np.arange(SLICES)[:, None, None], 0).astype(np.uint16)


def confidence_counts() -> NDArray[np.uint16]:
    """Return 0-999: confident in a patch that moves from slice to slice."""
    counts = np.where(body(), 600, 0).astype(np.uint16)
    for s in range(SLICES):
        counts[s, 8:20, 6 + s : 18 + s] = 970
    return counts


def images(path: Path, stored: NDArray[np.integer], z_mm: tuple[float, ...] = Z_MM) -> tuple[Instance, ...]:
    save(
        enhanced([Frame(image, z) for image, z in zip(stored, z_mm, strict=True)], SOPInstanceUID=f"1.{path.name}"),
        path,
    )
    return read_studies(path).studies[0].series[0].instances


def pair(folder: Path) -> Acquisition:
    stiffness, confidence = (
        Series("1.2", 6, images(folder / "1", elastogram())),
        Series("1.3", 7, images(folder / "2", confidence_counts())),
    )
    maps = ScannerMaps(stiffness, masked=False, unit=UNIT, confidence=confidence, confidence_per_count=0.001)
    return Acquisition(stiffness, maps)


def with_maps(acquisition: Acquisition, **changes: Any) -> Acquisition:
    """Return the acquisition with other maps."""
    assert acquisition.maps is not None
    maps = replace(acquisition.maps, **changes)
    return replace(acquisition, series=maps.stiffness, maps=maps)


def with_confidence(selection: Acquisition, *instances: Instance, by_number: bool = False) -> Acquisition:
    return with_maps(selection, confidence=Series("1.3", 7, instances), paired_by_number=by_number)


def confident(selection: Acquisition) -> NDArray[np.bool_]:
    return read_stiffness(selection).confident


def refused(selection: Acquisition, error: type[MreError], words: str) -> None:
    """Assert that an acquisition is refused with an error that contains the words."""
    with pytest.raises(error, match=words):
        read_stiffness(selection)


EXPECTED = confidence_counts() >= 950
on_files = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@on_files
@given(order=st.permutations(range(SLICES)), by_number=st.booleans())
def test_the_order_of_the_map_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], *, by_number: bool
) -> None:
    selection = pair(tmp_path_factory.mktemp("pair"))
    maps = [selection.maps.confidence.instances[s] for s in order]
    if by_number:
        maps = [replace(image, position_mm=(0.0, 0.0, 0.0), pixel_spacing_mm=(1.0, 1.0)) for image in maps]
    np.testing.assert_array_equal(confident(with_confidence(selection, *maps, by_number=by_number)), EXPECTED)


def renumbered(instances: tuple[Instance, ...]) -> list[Instance]:
    """Number the images in reverse."""
    return [replace(i, instance_number=9 - i.instance_number) for i in instances]


def test_numbers_that_run_against_the_positions_still_pair_by_number(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    stiffness = Series("1.2", 6, tuple(renumbered(selection.series.instances)))
    maps = [replace(i, position_mm=None) for i in renumbered(selection.maps.confidence.instances)]
    selection = with_confidence(selection, *maps, by_number=True)
    np.testing.assert_array_equal(confident(with_maps(selection, stiffness=stiffness)), EXPECTED)


def test_a_pairing_by_number_that_fits_better_reversed_is_refused(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    maps = renumbered(selection.maps.confidence.instances)
    refused(with_confidence(selection, *maps, by_number=True), GeometryError, "reverse")


def test_a_pairing_by_number_needs_as_many_images_with_numbers_of_their_own(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    maps = selection.maps.confidence.instances
    refused(with_confidence(selection, *maps[:3], by_number=True), GeometryError, r"3 images.*4")
    same = [replace(i, instance_number=1, frame_number=1) for i in maps]
    with pytest.raises(GeometryError, match="InstanceNumber repeats in the confidence map"):
        read_stiffness(with_confidence(selection, *same, by_number=True))


def test_further_slices_and_identical_duplicates_in_the_map_are_ignored(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    counts = np.concatenate([confidence_counts(), confidence_counts()[:1]])
    beyond = images(tmp_path / "3", counts, (*Z_MM, 40.0))
    twice = images(tmp_path / "4", confidence_counts())
    np.testing.assert_array_equal(confident(with_confidence(selection, *twice, *beyond)), EXPECTED)


def test_a_map_without_a_slice_or_with_two_different_ones_is_refused(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    maps = selection.maps.confidence.instances
    with pytest.raises(MissingSlicesError):
        read_stiffness(with_confidence(selection, *maps[1:]))
    other = images(tmp_path / "3", confidence_counts()[::-1])
    refused(with_confidence(selection, *maps, *other), GeometryError, "same position")


@pytest.mark.parametrize(
    "change", [{"position_mm": (-150.0, -128.0, 10.0)}, {"pixel_spacing_mm": (7.0, 7.0)}, {"pixel_spacing_mm": None}]
)
def test_a_map_on_other_pixels_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    selection = pair(tmp_path)
    maps = list(selection.maps.confidence.instances)
    maps[1] = replace(maps[1], **change)
    refused(with_confidence(selection, *maps), GeometryError, "does not lie on the pixels")


def test_a_map_that_reaches_beyond_one_has_a_wrong_scale(tmp_path: Path) -> None:
    refused(with_maps(pair(tmp_path), confidence_per_count=0.01), UnknownUnitError, r"reaches 9\.7")


def test_a_lossy_map_is_refused(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    maps = [replace(i, loss="LossyImageCompression is 01") for i in selection.maps.confidence.instances]
    with pytest.raises(LossyPixelsError):
        read_stiffness(with_confidence(selection, *maps))


def alone(selection: Acquisition, *, masked: bool | None) -> Acquisition:
    return with_maps(selection, masked=masked, confidence=None, confidence_per_count=None)


def masked_only(folder: Path, *, masked: bool | None, hatched: bool = False) -> Acquisition:
    row, column = np.indices((ROWS, COLUMNS))
    lines = (row + column) % 2 == 0
    hidden = ~EXPECTED & lines if hatched else ~EXPECTED
    stored = np.where(hidden, 0, elastogram()).astype(np.uint16)
    return alone(with_maps(pair(folder), stiffness=Series("1.2", 6, images(folder / "3", stored))), masked=masked)


def test_a_series_said_to_be_masked_whose_pixels_are_not_is_refused(tmp_path: Path) -> None:
    refused(alone(pair(tmp_path), masked=True), NoConfidenceError, "labelled as masked")


def test_an_unmasked_series_is_never_measured_without_the_scale_of_its_confidence(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    for lost in ({"confidence": None}, {"confidence_per_count": None}):
        for masked in (False, None):
            with pytest.raises(NoConfidenceError):
                read_stiffness(with_maps(selection, masked=masked, **lost))


def test_where_the_header_is_silent_the_pixels_say_whether_a_series_is_masked(tmp_path: Path) -> None:
    refused(alone(pair(tmp_path), masked=None), NoConfidenceError, "show that it is not")
    volume = read_stiffness(masked_only(tmp_path / "masked", masked=None))
    np.testing.assert_array_equal(volume.confident, EXPECTED)
    assert len(volume.notes) == 1
    assert "its pixels show it" in volume.notes[0]


def test_unclear_masking_is_refused_where_the_header_is_silent(tmp_path: Path) -> None:
    child = np.zeros((SLICES, ROWS, COLUMNS), np.uint16)
    child[:, 5:20, 5:23] = 200  # 173 cm2
    selection = with_maps(pair(tmp_path), stiffness=Series("1.2", 6, images(tmp_path / "3", child)))
    refused(alone(selection, masked=None), NoConfidenceError, "do not show it clearly")


def test_a_hatched_mask_is_closed_with_a_note(tmp_path: Path) -> None:
    volume = read_stiffness(masked_only(tmp_path, masked=True, hatched=True))
    assert any("hatch" in note for note in volume.notes)
    different = volume.confident ^ EXPECTED
    assert different.sum() <= EXPECTED.sum() * 0.4  # the edge of a patch of 12 x 12 pixels
    assert not volume.confident[:, 22:].any()
    assert not volume.confident[:, :6].any()
    plain = read_stiffness(masked_only(tmp_path / "plain", masked=True))
    assert plain.notes == ()


@pytest.mark.parametrize("factor", [0.1, 10.0])
@pytest.mark.parametrize("source", ["vendor_rule", "override"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_scale_wrong_by_ten_is_refused(tmp_path: Path, factor: float, source: str, *, masked: bool) -> None:
    selection = masked_only(tmp_path, masked=True) if masked else pair(tmp_path)
    wrong = replace(UNIT, kpa_per_count=UNIT.kpa_per_count * factor, source=source)
    read_stiffness(selection)
    refused(with_maps(selection, unit=wrong), ImplausibleStiffnessError, "scale")


@pytest.mark.parametrize("per_count", [0.0001, 1e-6])
def test_a_map_with_a_maximum_far_below_one_has_a_wrong_scale(tmp_path: Path, per_count: float) -> None:
    refused(with_maps(pair(tmp_path), confidence_per_count=per_count), UnknownUnitError, "some of it near 1")


@pytest.mark.parametrize("counts", [999 - confidence_counts(), np.full_like(confidence_counts(), 999)])
def test_a_map_that_is_confident_outside_the_stiffness_is_refused(tmp_path: Path, counts: NDArray[np.uint16]) -> None:
    selection = pair(tmp_path)
    refused(with_confidence(selection, *images(tmp_path / "3", counts)), NoConfidenceError, "inverted")


def test_a_map_with_a_slice_that_is_shifted_is_refused(tmp_path: Path) -> None:
    counts = confidence_counts()
    counts[1] = np.roll(counts[1], 3, axis=1)
    refused(with_confidence(pair(tmp_path), *images(tmp_path / "3", counts)), GeometryError, "shifted by some pixels")


def test_outlines_that_change_little_between_slices_still_determine_the_order(tmp_path: Path) -> None:
    selection = pair(tmp_path)
    outline = np.zeros((SLICES, ROWS, COLUMNS), np.bool_)
    outline[:, 3:-3, 3:-3] = True
    outline[0, 3, 3:15] = outline[1, 3, 3:9] = False
    stiffness = Series("1.2", 6, images(tmp_path / "3", np.where(outline, 200, 0).astype(np.uint16)))
    maps = images(tmp_path / "4", np.where(outline, 970, 0).astype(np.uint16))
    selection = with_maps(selection, stiffness=stiffness)
    assert confident(with_confidence(selection, *maps, by_number=True)).sum() == outline.sum()
    refused(with_confidence(selection, *renumbered(maps), by_number=True), GeometryError, "reverse")


def test_a_refusal_for_lack_of_confidence_says_why_the_map_was_not_used(tmp_path: Path) -> None:
    note = "The confidence map in series 7 was not used."
    refused(replace(alone(pair(tmp_path), masked=None), notes=(note,)), NoConfidenceError, note)

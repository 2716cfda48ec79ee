"""The same exam in every scanner's files: the same stiffness in kPa, at the same place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage, SecondaryCaptureImageStorage

from simulation.encodings import ENCODINGS
from simulation.encodings.geometry import padding
from tests.simulation.exam_factory import make_exam
from tests.simulation.read_images import by_slice, images, of_kind
from tests.tools import debian_tool, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy

    Written = Callable[..., WrittenStudy]

EXAM = make_exam()
ROWS, COLUMNS = EXAM.stiffness_kpa.shape[1:]
EVERY = pytest.mark.parametrize("encoding", sorted(ENCODINGS))
# An attribute of 2023, which a validator of 2022 does not know.
YOUNGER = "Attribute with an even group number is not a recognized standard attribute - (0x0008,0x001c)"
ELASTOGRAPHY = {"magnitude", "phase", "raw", "wave", "stiffness", "stiffness_masked", "confidence", "colour"}
LARGEST_COUNT_KPA = {"philips-enhanced-8-bit": 0.05}


def with_kind(*kinds: str) -> pytest.MarkDecorator:
    """Run a test for the encodings that have a series of some kind."""
    found = [
        name for name in sorted(ENCODINGS) if any(series.kind in kinds for series in ENCODINGS[name].plan(EXAM).series)
    ]
    return pytest.mark.parametrize("encoding", found)


def unpadded(pixels: np.ndarray) -> np.ndarray:
    """Cut away the zeros around an image that was made square, and check that they are zeros."""
    if pixels.shape[:2] == (ROWS, COLUMNS):
        return pixels
    (above, below), (left, right) = padding((ROWS, COLUMNS))
    inside = pixels[above : pixels.shape[0] - below, left : pixels.shape[1] - right]
    assert np.count_nonzero(inside) == np.count_nonzero(pixels)
    return inside


@EVERY
def test_no_object_has_an_error_for_dciodvfy(encoding: str, written: Written) -> None:
    tool = debian_tool("dciodvfy")
    for series in written(encoding).series:
        lines = run([tool, series.files[0]]).splitlines()
        assert any(line.strip().startswith(("MRImage", "EnhancedMRImage", "SCImage")) for line in lines)
        assert [line for line in lines if "Error" in line and YOUNGER not in line] == [], series.description


@with_kind("stiffness")
def test_stiffness_is_that_of_the_exam_within_half_a_count(encoding: str, written: Written) -> None:
    for seen, truth in zip(by_slice(written(encoding), "stiffness"), EXAM.stiffness_kpa, strict=True):
        step_kpa = seen.kpa_per_count()
        assert step_kpa <= LARGEST_COUNT_KPA.get(encoding, 0.01)
        np.testing.assert_allclose(unpadded(seen.stored * step_kpa), truth, atol=0.501 * step_kpa)


@with_kind("stiffness_masked")
def test_a_masked_map_keeps_exactly_what_is_95_percent_confident(encoding: str, written: Written) -> None:
    row, column = np.indices((ROWS, COLUMNS))
    for level, seen in enumerate(by_slice(written(encoding), "stiffness_masked")):
        step_kpa = seen.kpa_per_count()
        confident = EXAM.confidence[level] >= 0.95
        shown = unpadded(seen.stored) * step_kpa
        np.testing.assert_allclose(shown[confident], EXAM.stiffness_kpa[level][confident], atol=0.501 * step_kpa)
        left = (shown > 0) & ~confident
        if seen.whole.Manufacturer.startswith("GE"):
            body = (EXAM.stiffness_kpa[level] > 0) & ~confident
            lattices = [left[body & ((row + column) % 2 == parity)] for parity in (0, 1)]
            assert sorted(lattice.mean() for lattice in lattices) == [0.0, 1.0]
        else:
            assert not left.any()


@with_kind("confidence")
def test_confidence_passes_95_percent_where_the_exam_does(encoding: str, written: Written) -> None:
    if encoding == "ge-broken-confidence":
        (series,) = of_kind(written(encoding), "confidence")
        maps = images(series.files)[::-1]  # seed 7 is odd: numbered from the feet
    else:
        maps = by_slice(written(encoding), "confidence")
    for seen, truth in zip(maps, EXAM.confidence, strict=True):
        slope, unit = seen.mapping or (seen.rescale and seen.rescale[::2]) or (0.001, "1")
        confidence = unpadded(seen.stored) * slope * {"1": 1.0, "%": 0.01}[unit]
        np.testing.assert_allclose(confidence, truth, atol=0.0011)
        np.testing.assert_array_equal(confidence >= 0.95 - 1e-9, truth >= 0.95)


@with_kind("stiffness", "stiffness_masked")
def test_a_pixel_of_the_liver_lies_at_the_same_place_in_every_encoding(encoding: str, written: Written) -> None:
    study = written(encoding)
    (above, _), (left, _) = padding((ROWS, COLUMNS))
    kinds = {series.kind for series in study.series} & {"stiffness", "stiffness_masked"}
    for kind in kinds:
        for level, seen in enumerate(by_slice(study, kind)):
            square = seen.stored.shape != (ROWS, COLUMNS)
            row, column = (10 + above, 8 + left) if square else (10, 8)
            reference = by_slice(written("siemens-gre"), "stiffness")[level]
            np.testing.assert_allclose(seen.at(row, column), reference.at(10, 8), atol=1e-5)


@pytest.mark.parametrize("encoding", ["siemens-gre", "siemens-xa", "ge-gre", "philips", "philips-enhanced", "canon"])
def test_derived_images_carry_the_time_of_their_slices_acquisition(encoding: str, written: Written) -> None:
    study = written(encoding, "gre+epi")
    times: dict[int, list[set[str]]] = {1: [], 2: []}
    for series in study.series:
        if series.kind in ELASTOGRAPHY:
            seen = images(series.files)
            (number,) = {int(one.whole.AcquisitionNumber) for one in seen}
            times[number].append({one.acquired for one in seen})
    for of_series in times.values():
        assert len(of_series) >= 3
        assert all(one == of_series[0] for one in of_series)
        assert len(of_series[0]) == len(EXAM.stiffness_kpa)
    assert not times[1][0] & times[2][0]


@EVERY
def test_every_image_says_that_it_is_simulated(encoding: str, written: Written) -> None:
    for file in written(encoding).folder.iterdir():
        ds = dcmread(file, stop_before_pixels=True)
        assert "SIMULATED" in ds.StudyDescription
        assert str(ds.PatientName) == "Simulated^Phantom"
        assert ds.ImageComments == "SIMULATED DATA, no patient. Research use only." or ds.SyntheticData == "YES"


def test_no_two_encodings_share_a_study_and_the_same_exam_gives_the_same_bytes(
    written: Written, tmp_path: Path
) -> None:
    studies = [written(name) for name in ENCODINGS] + [written("siemens-gre", "repeat"), written("ge-gre", "repeat")]
    assert len({study.study_instance_uid for study in studies}) == len(studies)
    for name in ("ge-gre", "siemens-xa"):
        again = ENCODINGS[name](make_exam(), tmp_path / name)
        for file in written(name).folder.iterdir():
            assert (again.folder / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("encoding", ["siemens-xa", "philips-enhanced"])
def test_an_enhanced_series_is_one_object_with_slices_by_offsets(encoding: str, written: Written) -> None:
    (series,) = of_kind(written(encoding), "phase")
    (file,) = series.files
    seen = images(series.files)
    assert dcmread(file).SOPClassUID == EnhancedMRImageStorage
    assert len(seen) == series.images == EXAM.phase_rad.shape[0] * EXAM.phase_rad.shape[1]
    for one in seen:
        level = round(1.5 - one.position[2] / 10)
        offset = one.header.TemporalPositionIndex - 1
        slope, intercept = float(one.header.RescaleSlope), float(one.header.RescaleIntercept)
        turns = (one.stored * slope + intercept) / {"siemens-xa": 8192.0, "philips-enhanced": 2000.0 * np.pi}[encoding]
        np.testing.assert_allclose(2 * np.pi * turns, EXAM.phase_rad[offset, level], atol=2 * np.pi / 4095)
        assert list(one.header.DimensionIndexValues) == [1, one.header.InStackPositionNumber, offset + 1]


def test_philips_enhanced_scales_every_frame_by_itself(written: Written) -> None:
    seen = by_slice(written("philips-enhanced"), "stiffness")
    assert len({one.kpa_per_count() for one in seen}) == len(seen)
    assert all(one.rescale == (one.mapping[0], 0.0, "kPa") for one in seen if one.mapping)


def test_siemens_xa_tells_magnitude_from_phase_by_component(written: Written) -> None:
    study = written("siemens-xa")
    for kind, component in (("magnitude", "MAGNITUDE"), ("phase", "PHASE")):
        for one in by_slice(study, kind):
            assert "ELASTO" in one.header.FrameType
            assert one.header.ComplexImageComponent == one.whole.ComplexImageComponent == component


def test_ge_raw_series_is_half_phase_half_magnitude_without_geometry(written: Written) -> None:
    (series,) = of_kind(written("ge-gre"), "raw")
    seen = images(series.files)
    half = len(seen) // 2
    phase, magnitude = seen[:half], seen[half:]
    assert min(one.stored.min() for one in phase) < 0 <= min(one.stored.min() for one in magnitude)
    first = phase[0]  # lowest slice, first offset
    np.testing.assert_allclose(unpadded(first.stored) / 1000, EXAM.phase_rad[0, -1], atol=0.00051)
    for one in seen:
        assert not one.position.any()
        assert list(one.header.PixelSpacing) == [1, 1]
        assert one.whole[0x0019, 0x109C].value == "MR-Touch"
        assert one.whole.private_block(0x0019, "GEMS_ACQU_01")


def test_ge_colour_pictures_are_rgb_and_no_magnetic_resonance_images(written: Written) -> None:
    study = written("ge-gre")
    for series in of_kind(study, "colour", "wave"):
        for file in series.files:
            ds = dcmread(file)
            assert (ds.SOPClassUID, ds.SamplesPerPixel) == (SecondaryCaptureImageStorage, 3)
            assert ds.PhotometricInterpretation == "RGB"
            assert ds.pixel_array.any()


def test_windows_of_ge_show_0_to_8_kpa_and_the_edge_of_confidence(written: Written) -> None:
    (stiffness, *_), (confidence, *_) = (by_slice(written("ge-gre"), kind) for kind in ("stiffness", "confidence"))
    assert (stiffness.header.WindowCenter, stiffness.header.WindowWidth) == (4000, 8000)
    assert (confidence.header.WindowCenter, confidence.header.WindowWidth) == (950, 100)
    assert confidence.stored.max() <= 999


@EVERY
def test_slices_are_ordered_and_spaced_as_in_the_exam(encoding: str, written: Written) -> None:
    study = written(encoding)
    kind = "stiffness" if of_kind(study, "stiffness") else "stiffness_masked"
    heights = [one.position[2] for one in by_slice(study, kind)]
    assert heights == list(study.slice_z_mm)
    assert [a - b for a, b in pairwise(heights)] == [EXAM.slice_spacing_mm] * (len(heights) - 1)


@EVERY
def test_only_enhanced_encodings_use_the_enhanced_class(encoding: str, written: Written) -> None:
    classes = {dcmread(file, stop_before_pixels=True).SOPClassUID for file in written(encoding).folder.iterdir()}
    enhanced = "enhanced" in ENCODINGS[encoding].holds
    assert (EnhancedMRImageStorage in classes) == enhanced
    assert (MRImageStorage in classes) != enhanced

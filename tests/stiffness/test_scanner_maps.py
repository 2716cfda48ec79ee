from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import RLELossless

from liver_mre.errors import (
    GeometryError,
    MissingSlicesError,
    MreError,
    NoEligibleSeriesError,
    TruncatedFileError,
    UnknownUnitError,
    UnusablePixelsError,
)
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.headers import HEADER_TAGS
from liver_mre.studies.reader import read_studies
from tests.simulation.exam_factory import make_exam
from tests.studies.files import change, chosen, copy_files, masked_files, read_volume

if TYPE_CHECKING:
    from pydicom.tag import BaseTag

    from simulation.encodings.types import WrittenStudy

Edit = Callable[[Dataset], object]
on_files = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def files(siemens: WrittenStudy, tmp_path: Path) -> list[Path]:
    """Return copies of the masked series that a test may change."""
    return copy_files(masked_files(siemens), tmp_path / "study")


def change_all(files: list[Path], edit: Edit) -> None:
    for file in files:
        change(file, edit)


def assert_same(files: list[Path], siemens: WrittenStudy) -> None:
    """Assert that changed copies measure the same as the original."""
    found, expected = read_volume(files[0].parent), read_volume(siemens.folder)
    np.testing.assert_array_equal(found.stiffness_kpa, expected.stiffness_kpa)


def test_known_stiffness_in_the_same_stiffness_out(siemens: WrittenStudy) -> None:
    volume = read_volume(siemens.folder)
    exam = make_exam()
    confident = exam.truth.liver & (exam.confidence >= 0.95)
    expected = np.where(confident, exam.stiffness_kpa, 0)[::-1]  # the exam's slice 0 is the uppermost
    np.testing.assert_array_equal(volume.valid, expected > 0)
    np.testing.assert_array_equal(volume.confident, volume.valid)
    np.testing.assert_array_equal(volume.stiffness_kpa, np.round(expected.astype(np.float64), 2).astype(np.float32))
    assert volume.pixel_spacing_mm == (8.0, 8.0)
    assert volume.stiffness_kpa[-1].max() == 2.5


@on_files
@given(order=st.permutations(range(4)), numbers=st.lists(st.integers(-9, 999), min_size=4, max_size=4))
def test_file_order_and_instance_numbers_never_change_the_volume(
    siemens: WrittenStudy, order: list[int], numbers: list[int]
) -> None:
    originals = masked_files(siemens)
    expected = read_volume(siemens.folder)
    with tempfile.TemporaryDirectory() as folder:
        for name, (index, number) in enumerate(zip(order, numbers, strict=True)):
            target = Path(shutil.copy(originals[index], Path(folder) / str(name)))
            change(target, lambda ds, n=number: setattr(ds, "InstanceNumber", n))
        volume = read_volume(Path(folder))
    np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)
    assert [i.sop_instance_uid for i in volume.instances] == [i.sop_instance_uid for i in expected.instances]


@on_files
@given(
    lost=st.lists(st.sampled_from(HEADER_TAGS), min_size=1, max_size=4, unique=True),
    from_all=st.booleans(),
)
def test_a_header_that_lost_elements_gives_the_right_volume_or_an_error(
    siemens: WrittenStudy, *, lost: list[BaseTag], from_all: bool
) -> None:
    expected = read_volume(siemens.folder)
    with tempfile.TemporaryDirectory() as folder:
        copies = copy_files(masked_files(siemens), Path(folder))
        for file in copies if from_all else copies[:1]:
            change(file, lambda ds: [ds.pop(tag, None) for tag in lost])
        try:
            volume = read_volume(Path(folder))
        except MreError:
            return
        if len(volume.instances) == len(expected.instances):
            np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)
        else:  # a file that is no image any more is left out, and that is said
            assert read_studies(Path(folder)).warnings


def rescale(slope: float, unit: str | None) -> Edit:
    def edit(ds: Dataset) -> None:
        ds.RescaleSlope, ds.RescaleIntercept = slope, 0
        ds.WindowCenter, ds.WindowWidth = 400 * slope, 800 * slope  # a window applies to rescaled values
        if unit is not None:
            ds.RescaleType = unit

    return edit


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda ds: ds.pop("Manufacturer"), NoEligibleSeriesError),
        (rescale(2.0, None), UnknownUnitError),
        (rescale(1.0, "Pa"), UnknownUnitError),
        (rescale(0.01, "m/s"), UnknownUnitError),
        (lambda ds: ds.pop("PixelSpacing"), GeometryError),
        (lambda ds: setattr(ds, "PixelSpacing", [80, 80]), GeometryError),
        (lambda ds: ds.pop("ImagePositionPatient"), GeometryError),
        (lambda ds: ds.pop("PixelData"), UnusablePixelsError),
        (lambda ds: ds.pop("BitsAllocated"), UnusablePixelsError),
    ],
)
def test_damage_in_every_header_is_an_error(files: list[Path], edit: Edit, error: type[MreError]) -> None:
    change_all(files, edit)
    with pytest.raises(error):
        read_volume(files[0].parent)


@pytest.mark.parametrize("edit", [rescale(0.01, "kPa"), rescale(10.0, "Pa"), rescale(1.0, "US"), rescale(1.0, None)])
def test_a_header_that_agrees_with_the_vendor_rule_measures_the_same(
    siemens: WrittenStudy, files: list[Path], edit: Edit
) -> None:
    change_all(files, edit)
    assert_same(files, siemens)


def test_compressed_pixels_measure_the_same(siemens: WrittenStudy, files: list[Path]) -> None:
    change_all(files, lambda ds: ds.compress(RLELossless, generate_instance_uid=False))
    assert dcmread(files[0]).file_meta.TransferSyntaxUID == RLELossless
    assert_same(files, siemens)


def test_a_contour_in_an_overlay_group_changes_nothing(siemens: WrittenStudy, files: list[Path]) -> None:
    def draw(ds: Dataset) -> None:
        block = ds.private_block(0x0029, "SIMULATED", create=True)
        block.add_new(0x10, "OB", b"\x01\x02")
        ds.add_new(0x60000010, "US", ds.Rows)
        ds.add_new(0x60000011, "US", ds.Columns)
        ds.add_new(0x60000040, "CS", "G")
        ds.add_new(0x60000050, "SS", [1, 1])
        ds.add_new(0x60000100, "US", 1)
        ds.add_new(0x60000102, "US", 0)
        ds.add_new(0x60003000, "OW", b"\xff" * (ds.Rows * ds.Columns // 8))

    change_all(files, draw)
    assert_same(files, siemens)


def test_a_file_without_a_preamble_measures_the_same(siemens: WrittenStudy, files: list[Path]) -> None:
    for file in files:
        file.write_bytes(file.read_bytes()[132:])
    assert_same(files, siemens)


@pytest.mark.parametrize("implicit", [False, True])
def test_a_file_that_names_no_transfer_syntax_measures_the_same(
    siemens: WrittenStudy, files: list[Path], *, implicit: bool
) -> None:
    for file in files:
        ds = dcmread(file)
        bare = Dataset({element.tag: element for element in ds})
        bare.save_as(file, implicit_vr=implicit, little_endian=True)
        assert file.read_bytes().startswith(b"\x08\x00")
    assert_same(files, siemens)


def test_compressed_pixels_that_name_no_transfer_syntax_are_refused(files: list[Path]) -> None:
    noise = np.random.default_rng(1)  # longer when compressed, so that too few bytes do not give it away
    for file in files:
        change(file, lambda ds: setattr(ds, "PixelData", noise.bytes(len(ds.PixelData))))
        change(file, lambda ds: ds.compress(RLELossless, generate_instance_uid=False))
        meta_bytes = 132 + 12 + dcmread(file).file_meta.FileMetaInformationGroupLength
        file.write_bytes(file.read_bytes()[meta_bytes:])
    with pytest.raises(UnusablePixelsError, match="transfer syntax says that they are not compressed"):
        read_volume(files[0].parent)


def test_padding_in_air_is_not_measured(files: list[Path]) -> None:
    expected = read_volume(files[0].parent)

    def pad(ds: Dataset) -> None:
        stored = ds.pixel_array.copy()
        stored[stored == 0] = 65535
        ds.PixelData = stored.tobytes()
        ds.add_new("PixelPaddingValue", "US", 65535)

    change_all(files, pad)
    volume = read_volume(files[0].parent)
    np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)
    np.testing.assert_array_equal(volume.valid, expected.valid)


@pytest.mark.parametrize("limit", [None, 251, 65535])
def test_padding_that_reaches_into_stiffness_is_refused(files: list[Path], limit: int | None) -> None:
    change_all(files, lambda ds: ds.add_new("PixelPaddingValue", "US", 250))
    if limit is not None:
        change_all(files, lambda ds: ds.add_new("PixelPaddingRangeLimit", "US", limit))
    with pytest.raises(UnusablePixelsError, match="the images carry such values as other pixels do"):
        read_volume(files[0].parent)


@pytest.mark.parametrize("cut", [1, 100, 2000])
def test_pixels_that_are_cut_off_are_an_error(files: list[Path], cut: int) -> None:
    files[2].write_bytes(files[2].read_bytes()[:-cut])
    with pytest.raises(TruncatedFileError, match="Send the series again"):
        read_volume(files[0].parent)


def test_damaged_compressed_pixels_are_an_error(files: list[Path]) -> None:
    change(files[1], lambda ds: ds.compress(RLELossless, generate_instance_uid=False))
    files[1].write_bytes(files[1].read_bytes()[:-200])
    with pytest.raises(TruncatedFileError):
        read_volume(files[0].parent)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_middle_slice_is_missing_by_its_gap_alone(files: list[Path], lost: int) -> None:
    files[lost].unlink()
    with pytest.raises(MissingSlicesError, match=r"^1 slice"):
        read_volume(files[0].parent)


@pytest.mark.parametrize("lost", [0, 3])
def test_a_lost_outer_slice_is_missing_because_the_magnitude_has_it(
    siemens: WrittenStudy, files: list[Path], lost: int
) -> None:
    copy_files(siemens.series[2].files, files[0].parent)
    files[lost].unlink()
    with pytest.raises(MissingSlicesError, match=r"^1 slice.*magnitude"):
        read_volume(files[0].parent)


def test_a_second_image_at_one_position_is_an_error(files: list[Path]) -> None:
    twin = Path(shutil.copy(files[0], files[0].with_name("twin")))
    pixels = dcmread(files[1]).PixelData
    change(twin, lambda ds: ds.update({"SOPInstanceUID": "1.2.3", "PixelData": pixels}))
    with pytest.raises(GeometryError, match="same position"):
        read_volume(files[0].parent)


def test_a_separate_confidence_map_is_aligned_by_position(siemens: WrittenStudy, tmp_path: Path) -> None:
    """The unmasked map with a confidence map in counts of 0.001 equals the scanner's own masking."""
    exam = make_exam()
    stiffness = copy_files(siemens.series[5].files, tmp_path / "study")
    for number, file in enumerate(copy_files(siemens.series[6].files, tmp_path / "confidence")):
        s = 3 - number  # the factory's odd seed numbers slices from the feet
        counts = np.round(exam.confidence[s] * 1000).astype("<u2")
        change(file, lambda ds, c=counts: setattr(ds, "PixelData", c.tobytes()))
    (study,) = read_studies(stiffness[0].parent).studies
    (other,) = read_studies(tmp_path / "confidence").studies
    scanners_own = chosen(read_studies(siemens.folder).studies[0])
    confidence = replace(other.series[0], instances=other.series[0].instances[::-1])
    assert scanners_own.maps is not None
    unmasked = study.series[0]
    maps = replace(
        scanners_own.maps, stiffness=unmasked, masked=False, confidence=confidence, confidence_per_count=0.001
    )
    pair = replace(scanners_own, series=unmasked, maps=maps)
    volume, expected = read_stiffness(pair), read_stiffness(scanners_own)
    np.testing.assert_array_equal(volume.confident, expected.confident)
    assert volume.valid.sum() > volume.confident.sum() > 0
    lacking = replace(maps, confidence=replace(confidence, instances=confidence.instances[1:]))
    with pytest.raises(MissingSlicesError):
        read_stiffness(replace(pair, maps=lacking))

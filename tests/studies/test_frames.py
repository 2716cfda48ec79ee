from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedMRImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    RLELossless,
)

from liver_mre.errors import GeometryError, UnusablePixelsError
from liver_mre.series.acquisition import Acquisition, ScannerMaps, UnitEvidence
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from liver_mre.studies.study import Instance, RealWorldMapping
from tests.studies.enhanced import SHARED, Frame, enhanced, functional_groups, in_kpa, save
from tests.yardstick import slowness

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

CENTI_KPA = UnitEvidence(0.01, 0.0, "vendor_rule", "test")
FRAMES, ROWS, COLUMNS = 4, 32, 40


def pixels(base: int = 200) -> NDArray[np.uint16]:
    """Return a liver-sized patch in each frame, brighter from frame to frame."""
    stored = np.zeros((FRAMES, ROWS, COLUMNS), np.uint16)
    for number in range(FRAMES):
        stored[number, 8:20, 6:18] = base + 10 * number
    return stored


def frames(stored: NDArray[np.integer] | None = None) -> list[Frame]:
    return [Frame(image, 10.0 * number) for number, image in enumerate(pixels() if stored is None else stored)]


def images(path: Path) -> tuple[Instance, ...]:
    return read_studies(path).studies[0].series[0].instances


def measure(path: Path, units: tuple[UnitEvidence, ...] = ()) -> NDArray[np.float32]:
    series = read_studies(path).studies[0].series[0]
    maps = ScannerMaps(series, masked=True, unit=CENTI_KPA, slice_units=units)
    return read_stiffness(Acquisition(series, maps)).stiffness_kpa


def test_every_frame_is_an_image_with_its_own_geometry_type_unit_and_time(tmp_path: Path) -> None:
    made = [
        Frame(
            image,
            10.0 * n,
            {
                **in_kpa(0.01 * (n + 1)),
                "PixelValueTransformationSequence": {
                    "RescaleSlope": n + 1.0,
                    "RescaleIntercept": -1.0,
                    "RescaleType": "US",
                },
                "FrameVOILUTSequence": {"WindowCenter": 400.0 + n, "WindowWidth": 800.0},
                "FrameContentSequence": {
                    "FrameAcquisitionDateTime": f"2024011509300{n}.5",
                    "FrameAcquisitionNumber": 7 + n,
                    "TemporalPositionIndex": n + 1,
                    "InStackPositionNumber": FRAMES - n,
                },
            },
        )
        for n, image in enumerate(pixels())
    ]
    found = images(save(enhanced(made, ReconstructionDiameter=320.0), tmp_path / "a"))
    assert [i.frame_number for i in found] == [1, 2, 3, 4]
    assert len({i.sop_instance_uid for i in found}) == 1
    assert {i.series_instance_uid for i in found} == {"1.2.1.6"}
    assert [i.position_mm for i in found] == [(-160.0, -128.0, 10.0 * n) for n in range(4)]
    first = found[0]
    assert first.orientation == (1, 0, 0, 0, 1, 0)
    assert (first.pixel_spacing_mm, first.slice_thickness_mm, first.field_of_view_mm) == ((8.0, 8.0), 5.0, 320.0)
    assert (first.sequence_name, first.complex_image_component) == ("greMR", "MAGNITUDE")
    assert first.image_type == ("DERIVED", "PRIMARY", "OTHER", "NONE")
    assert [i.real_world for i in found] == [(RealWorldMapping("kPa", 0.01 * (n + 1), 0.0),) for n in range(4)]
    assert [(i.rescale_slope, i.rescale_intercept, i.rescale_type) for i in found] == [
        (n + 1.0, -1.0, "US") for n in range(4)
    ]
    assert [i.window for i in found] == [(400.0 + n, 800.0) for n in range(4)]
    assert np.diff([i.acquired_s or 0.0 for i in found]).tolist() == [1.0, 1.0, 1.0]
    assert [(i.acquisition_number, i.offset_number) for i in found] == [(7 + n, n + 1) for n in range(4)]
    assert [i.instance_number for i in found] == [4, 3, 2, 1]


@pytest.mark.parametrize("syntax", [None, RLELossless])
@pytest.mark.parametrize("implicit", [False, True])
def test_frames_are_measured_each_with_its_own_pixels(tmp_path: Path, syntax: str | None, *, implicit: bool) -> None:
    ds = enhanced(frames())
    if implicit:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    if syntax:
        ds.compress(syntax, generate_instance_uid=False)
    volume = measure(save(ds, tmp_path / "a"))
    np.testing.assert_array_equal(volume, (pixels() * 0.01).astype(np.float32))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(FRAMES)), split=st.integers(0, FRAMES))
def test_the_order_of_frames_and_their_spread_over_objects_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], split: int
) -> None:
    folder = tmp_path_factory.mktemp("frames")
    made = [frames()[n] for n in order]
    for name, part in (("a", made[:split]), ("b", made[split:])):
        if part:
            save(enhanced(part), folder / name)
    np.testing.assert_array_equal(measure(folder), (pixels() * 0.01).astype(np.float32))


def test_each_frame_has_the_unit_of_its_own_slice(tmp_path: Path) -> None:
    path = save(enhanced(frames()[::-1]), tmp_path / "a")
    positions = [i.position_mm for i in images(path)]
    units = tuple(UnitEvidence(0.001 * (p[2] + 10.0), 0.0, "rescale_type", "test") for p in positions if p)
    expected = pixels() * (0.001 * (10.0 * np.arange(FRAMES) + 10.0))[:, None, None]
    np.testing.assert_allclose(measure(path, units), expected, rtol=1e-6)


def test_what_is_neither_in_a_frame_nor_shared_is_taken_from_the_top_and_else_missing(tmp_path: Path) -> None:
    shared = {name: group for name, group in SHARED.items() if name != "MRImageFrameTypeSequence"}
    top = {"ComplexImageComponent": "MIXED", "AcquisitionDateTime": "20240115093000", "ImageComments": "stiffness"}
    found = images(save(enhanced(frames(), shared=shared, **top), tmp_path / "a"))
    assert {(i.image_type[0], i.complex_image_component, i.image_comments) for i in found} == {
        ("DERIVED", "MIXED", "stiffness")
    }
    assert all(i.acquired_s is not None for i in found)
    assert {(i.window, i.rescale_slope, i.real_world, i.unusable_unit_elements) for i in found} == {
        (None, None, (), ())
    }


@pytest.mark.parametrize("sequence", ["UnassignedPerFrameConvertedAttributesSequence", "UnassignedShared"])
def test_legacy_converted_objects_say_some_of_it_among_unassigned_attributes(tmp_path: Path, sequence: str) -> None:
    unassigned = {"RescaleSlope": 2.0, "AcquisitionTime": "093000", "WindowCenter": 4.0, "WindowWidth": 8.0}
    shared = dict(SHARED)
    if sequence == "UnassignedShared":
        shared["UnassignedSharedConvertedAttributesSequence"] = unassigned
        made = frames()
    else:
        made = [Frame(frame.stored, frame.z_mm, {sequence: unassigned}) for frame in frames()]
    ds = enhanced(made, shared=shared, SOPClassUID=LegacyConvertedEnhancedMRImageStorage)
    found = images(save(ds, tmp_path / "a"))
    assert {(i.rescale_slope, i.window, i.acquired_s) for i in found} == {(2.0, (4.0, 8.0), 9.5 * 3600)}


def test_a_damaged_value_of_a_frame_is_missing_and_not_the_shared_one(tmp_path: Path) -> None:
    made = frames()
    made[2] = Frame(made[2].stored, 20.0, {"PixelMeasuresSequence": {"PixelSpacing": [7.25, 7.25]}})
    path = save(enhanced(made), tmp_path / "a")
    raw = path.read_bytes()
    assert raw.count(b"7.25\\7.25") == 1
    path.write_bytes(raw.replace(b"7.25\\7.25", b"7,25\\7.25"))
    assert [i.pixel_spacing_mm for i in images(path)] == [(8.0, 8.0), (8.0, 8.0), None, (8.0, 8.0)]


def test_a_damaged_scale_of_a_frame_is_unusable_and_not_absent(tmp_path: Path) -> None:
    made = frames()
    made[1] = Frame(made[1].stored, 10.0, {"RealWorldValueMappingSequence": {"RealWorldValueIntercept": 0.0}})
    found = images(save(enhanced(made), tmp_path / "a"))
    assert [i.unusable_unit_elements for i in found] == [(), ("RealWorldValueMappingSequence",), (), ()]


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_an_object_that_does_not_describe_every_frame_is_one_image_that_cannot_be_measured(
    tmp_path: Path, keep: int
) -> None:
    ds = enhanced(frames())
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[:keep]
    path = save(ds, tmp_path / "a")
    (found,) = images(path)
    assert (found.position_mm, found.unusable_unit_elements) == (None, ("PerFrameFunctionalGroupsSequence",))
    with pytest.raises(GeometryError, match="PerFrameFunctionalGroupsSequence"):
        measure(path)


def test_pixels_of_fewer_frames_than_described_are_an_error(tmp_path: Path) -> None:
    ds = enhanced(frames())
    ds.PixelData = ds.PixelData[: -ROWS * COLUMNS * 2]
    with pytest.raises(UnusablePixelsError, match=r"PixelData has \d+ bytes, but Rows, Columns, NumberOfFrames"):
        measure(save(ds, tmp_path / "a"))


def test_an_enhanced_object_of_one_frame_keeps_its_number_and_is_frame_one(tmp_path: Path) -> None:
    for number, frame in enumerate(frames(), start=1):
        content = {"FrameContentSequence": {"InStackPositionNumber": 1}}
        save(enhanced([Frame(frame.stored, frame.z_mm, content)], InstanceNumber=number), tmp_path / str(number))
    found = images(tmp_path)
    assert [(i.instance_number, i.frame_number) for i in found] == [(n, 1) for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(measure(tmp_path), (pixels() * 0.01).astype(np.float32))


def test_a_multi_frame_object_of_another_kind_is_one_image_without_geometry(tmp_path: Path) -> None:
    top = {"SOPClassUID": MultiFrameGrayscaleWordSecondaryCaptureImageStorage, "PixelSpacing": [8.0, 8.0]}
    ds = enhanced(frames(), **top)
    del ds.PerFrameFunctionalGroupsSequence, ds.SharedFunctionalGroupsSequence
    (found,) = images(save(ds, tmp_path / "a"))
    assert (found.frame_number, found.position_mm, found.pixel_spacing_mm) == (None, None, None)


def test_the_range_of_a_frames_mapping_has_the_sign_of_the_pixels_in_implicit_vr(tmp_path: Path) -> None:
    ds = enhanced([Frame(pixels()[0].astype(np.int16), 0.0, in_kpa(0.01))])
    mapping = ds.PerFrameFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    mapping.add_new("RealWorldValueFirstValueMapped", "SS", -5)
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    (found,) = images(save(ds, tmp_path / "a"))
    assert found.real_world == (RealWorldMapping("kPa", 0.01, 0.0, first_stored=-5),)


def test_two_objects_of_one_uid_and_different_content_conflict_in_every_frame(tmp_path: Path) -> None:
    for name, base in (("a", 200), ("b", 300)):
        save(enhanced(frames(pixels(base)), SOPInstanceUID="1.2.3"), tmp_path / name)
    assert [i.conflicting for i in images(tmp_path)] == [True] * 8


@pytest.mark.alone
def test_an_object_of_2000_unrelated_frames_is_read_in_seconds(tmp_path: Path) -> None:
    tiny = np.zeros((2, 2), np.uint16)
    content = {"FrameContentSequence": {"InStackPositionNumber": 1, "DimensionIndexValues": [1, 1, 1]}}
    path = save(enhanced([Frame(tiny, float(z), content) for z in range(2000)]), tmp_path / "a")
    start = time.process_time()
    assert len(images(path)) == 2000
    assert time.process_time() - start < 4.0 * slowness()


def test_a_functional_group_without_items_is_an_absent_one(tmp_path: Path) -> None:
    ds = enhanced(frames())
    empty: Dataset = functional_groups({})
    empty.PixelMeasuresSequence = []
    empty.PlanePositionSequence = ds.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    ds.PerFrameFunctionalGroupsSequence[0] = empty
    assert images(save(ds, tmp_path / "a"))[0].pixel_spacing_mm == (8.0, 8.0)


def test_loss_that_a_functional_group_tells_counts(tmp_path: Path) -> None:
    told = [
        Frame(image, 10.0 * number, {"MRImageFrameTypeSequence": {"LossyImageCompressionRatio": 12.5 if number else 1}})
        for number, image in enumerate(pixels())
    ]
    save(enhanced(told), tmp_path / "a")
    assert all("LossyImageCompressionRatio is 12.5" in one.loss for one in images(tmp_path))

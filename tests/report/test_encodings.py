"""Results refer to the right images wherever a slice is: a file, a frame of an object, or a series of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from highdicom.seg import segread
from highdicom.sr import srread
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from liver_mre.report import codes
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sr.document import build_report
from tests.report.content_factory import SLICES, changed, make_content, make_quality, segment_pixels, with_headers
from tests.report.header_factory import SLICE_SPACING_MM
from tests.report.source_factory import as_frames, as_series, turned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from liver_mre.report.content import ReportContent

PICTURE = np.zeros((6, 8, 3), np.uint8)
ORDER = (2, 0, 3, 1)
ONE_OBJECT = [(0, 5), (0, 1), (0, 2), (0, 4)]
TWO_OBJECTS = [(1, 2), (0, 3), (1, 1), (0, 1)]
OBLIQUE = (
    math.cos(0.3),
    math.sin(0.3),
    0.0,
    -math.sin(0.3) * math.cos(0.2),
    math.cos(0.3) * math.cos(0.2),
    math.sin(0.2),
)
FROM_BEHIND = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

ENCODINGS: dict[str, Callable[[ReportContent, Path], ReportContent]] = {
    "classic": lambda content, _: content,
    "frames of one object": lambda content, folder: as_frames(content, folder, ONE_OBJECT),
    "frames of two objects": lambda content, folder: as_frames(content, folder, TWO_OBJECTS, shared=False),
    "a series a slice": lambda content, _: as_series(content),
    "oblique": lambda content, _: turned(content, OBLIQUE),
    "oblique frames": lambda content, folder: as_frames(turned(content, OBLIQUE), folder, ONE_OBJECT),
    "feet first": lambda content, _: turned(content, FROM_BEHIND, patient_position="FFS"),
    "feet first, a series a slice": lambda content, _: as_series(turned(content, FROM_BEHIND, patient_position="FFS")),
}


@pytest.fixture(params=sorted(ENCODINGS))
def content(request: pytest.FixtureRequest, tmp_path: Path) -> ReportContent:
    return ENCODINGS[request.param](make_content(order=ORDER), tmp_path)


def slice_of(content: ReportContent, item: Dataset) -> int:
    """Return the slice that a reference to a single image means."""
    here = (str(item.ReferencedSOPInstanceUID), item.get("ReferencedFrameNumber"))
    return [(i.sop_instance_uid, i.frame_number) for i in content.volume.instances].index(here)


def check_segmentation(content: ReportContent, folder: Path) -> None:
    """Compare every frame of the written segmentation with the slice that it refers to, and its place."""
    path = folder / "seg.dcm"
    build_segmentation(content).save_as(path, enforce_file_format=True)
    seg = dcmread(path)
    groups = seg.PerFrameFunctionalGroupsSequence
    (orientation,) = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    assert orientation.ImageOrientationPatient == content.headers[0].ImageOrientationPatient
    found = []
    for group, pixels in zip(groups, seg.pixel_array, strict=True):
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        index = slice_of(content, reference)
        source, instance = content.headers[index], content.volume.instances[index]
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert position == source.ImagePositionPatient
        assert tuple(map(float, position)) == instance.position_mm
        assert reference.ReferencedSOPClassUID == instance.sop_class_uid
        np.testing.assert_array_equal(pixels, segment_pixels(content, group)[index])
        found.append(index)
    assert sorted(found) == sorted(2 * list(range(len(content.headers))))


def test_each_frame_of_the_segmentation_lies_where_its_source_does(content: ReportContent, tmp_path: Path) -> None:
    check_segmentation(content, tmp_path)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(SLICES)), data=st.data())
def test_order_of_files_and_frames_does_not_matter(
    order: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = make_content(order=order)
    encoding = data.draw(st.sampled_from(["files", "frames", "series"]))
    if encoding == "frames":
        frame = st.tuples(st.integers(0, 1), st.integers(1, 6))
        places = data.draw(st.lists(frame, min_size=SLICES, max_size=SLICES, unique=True))
        kinds = sorted({place for place, _ in places})
        content = as_frames(content, folder, [(kinds.index(place), number) for place, number in places])
    elif encoding == "series":
        content = as_series(content)
    check_segmentation(content, folder)


def test_segmentation_is_spaced_as_its_slices_are(content: ReportContent) -> None:
    (measures,) = build_segmentation(content).SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    assert float(measures.SpacingBetweenSlices) == pytest.approx(SLICE_SPACING_MM, abs=1e-5)


def test_orientations_that_differ_by_rounding_are_one(tmp_path: Path) -> None:
    content = as_series(turned(make_content(order=ORDER), OBLIQUE))
    content.headers[2].ImageOrientationPatient = [f"{value:.6f}" for value in OBLIQUE]
    content = with_headers(content, content.headers)
    check_segmentation(content, tmp_path)


@pytest.mark.parametrize("name", ["frames of one object", "frames of two objects", "a series a slice"])
def test_segmentation_lists_every_source_once_in_its_own_series(name: str, tmp_path: Path) -> None:
    content = ENCODINGS[name](make_content(order=ORDER), tmp_path)
    seg = build_segmentation(content)
    listed = [
        (series.SeriesInstanceUID, item.ReferencedSOPInstanceUID)
        for series in seg.ReferencedSeriesSequence
        for item in series.ReferencedInstanceSequence
    ]
    expected = {(one.series_instance_uid, one.sop_instance_uid) for one in content.volume.instances}
    assert len(listed) == len(set(listed))
    assert set(listed) == expected
    assert len(seg.ReferencedSeriesSequence) == len({series for series, _ in expected})


def test_highdicom_finds_the_mask_by_frame(tmp_path: Path) -> None:
    content = as_frames(make_content(order=ORDER), tmp_path, ONE_OBJECT)
    path = tmp_path / "seg.dcm"
    build_segmentation(content).save_as(path, enforce_file_format=True)
    uid = content.volume.instances[0].sop_instance_uid
    frames = [frame for _, frame in ONE_OBJECT]
    pixels = segread(path).get_pixels_by_source_frame(uid, frames)
    np.testing.assert_array_equal(pixels, np.stack([content.mask.liver, content.measured_pixels], axis=-1))


def test_outlines_are_drawn_on_the_image_that_was_measured(content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "sr.dcm"
    build_report(content).save_as(path, enforce_file_format=True)
    groups = srread(path).content.get_planar_roi_measurement_groups()
    measured = content.measured.measurement.slices
    regions = [group.roi.ContentSequence[0].ReferencedSOPSequence[0] for group in groups]
    assert [slice_of(content, region) for region in regions] == [part.slice_index for part in measured]
    assert len({group.tracking_uid for group in groups}) == len(measured)
    numbers = [group.get_measurements(codes.AREA)[0].value for group in groups]
    assert numbers == pytest.approx([part.area_cm2 for part in measured], abs=1e-4)


def test_measurement_lists_its_sources_with_their_frames(content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "sr.dcm"
    build_report(content).save_as(path, enforce_file_format=True)
    for group in srread(path).content.get_image_measurement_groups():
        assert images(image.ReferencedSOPSequence[0] for image in group.source_images) == expected_images(content)


def test_the_quality_of_a_slice_refers_to_its_image(content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "sr.dcm"
    build_report(changed(content, quality=make_quality())).save_as(path, enforce_file_format=True)
    groups = srread(path).content.get_image_measurement_groups()[2:]
    shown = [slice_of(content, image.ReferencedSOPSequence[0]) for group in groups for image in group.source_images]
    assert shown == list(range(SLICES))


def test_image_library_describes_every_slice_where_it_lies(content: ReportContent, tmp_path: Path) -> None:
    path = tmp_path / "sr.dcm"
    build_report(content).save_as(path, enforce_file_format=True)
    (library,) = [i for i in dcmread(path).ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "111028"]
    entries = [i for group in library.ContentSequence for i in group.ContentSequence if i.ValueType == "IMAGE"]
    indices = [slice_of(content, entry.ReferencedSOPSequence[0]) for entry in entries]
    assert sorted(indices) == list(range(SLICES))
    for entry, index in zip(entries, indices, strict=True):
        values = {
            i.ConceptNameCodeSequence[0].CodeMeaning: i.MeasuredValueSequence[0].NumericValue
            for i in entry.ContentSequence
            if i.ValueType == "NUM"
        }
        position = [float(values[f"Image Position (Patient) {axis}"]) for axis in "XYZ"]
        assert position == pytest.approx(content.volume.instances[index].position_mm)


def test_report_lists_every_source_once_as_evidence_in_its_own_series(content: ReportContent) -> None:
    (study,) = build_report(content).CurrentRequestedProcedureEvidenceSequence
    listed = [
        (series.SeriesInstanceUID, item.ReferencedSOPInstanceUID)
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(one.series_instance_uid, one.sop_instance_uid) for one in content.volume.instances}


def test_picture_lists_its_sources_with_their_frames(content: ReportContent) -> None:
    assert images(build_overlay(content, PICTURE).SourceImageSequence) == expected_images(content)


def test_no_result_names_an_image_that_does_not_exist(content: ReportContent) -> None:
    true = {instance.sop_instance_uid for instance in content.volume.instances}
    for result in (build_segmentation(content), build_report(content), build_overlay(content, PICTURE)):
        assert {element.value for element in result.iterall() if element.keyword == "ReferencedSOPInstanceUID"} == true


def images(items: object) -> set[tuple[str, int | None]]:
    """Return all images that items refer to, by SOP instance and frame."""
    found = set()
    for item in items:
        frames = item.get("ReferencedFrameNumber")
        frames = [frames] if frames is None or isinstance(frames, int) else list(frames)
        found |= {(str(item.ReferencedSOPInstanceUID), frame) for frame in frames}
    return found


def expected_images(content: ReportContent) -> set[tuple[str, int | None]]:
    return {(instance.sop_instance_uid, instance.frame_number) for instance in content.volume.instances}

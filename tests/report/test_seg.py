"""The segmentation holds predicted liver and measured region on the right slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from highdicom.seg import segread

from liver_mre.report.seg import build_segmentation
from tests.report.content_factory import (
    MODEL,
    SLICES,
    make_arrays,
    make_content,
    make_doubtful,
    make_not_evaluable,
)

if TYPE_CHECKING:
    from pathlib import Path

    from highdicom.seg import Segmentation

    from liver_mre.report.content import ReportContent


def write_and_read(content: ReportContent, folder: Path) -> Segmentation:
    path = folder / "seg.dcm"
    build_segmentation(content).save_as(path, enforce_file_format=True)
    return segread(path)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_each_mask_slice_belongs_to_its_source_whatever_the_order(order: tuple[int, ...], tmp_path: Path) -> None:
    content = make_content(order=order)
    seg = write_and_read(content, tmp_path)
    uids = [str(source.SOPInstanceUID) for source in content.headers]
    pixels = seg.get_pixels_by_source_instance(uids)
    np.testing.assert_array_equal(pixels, np.stack([content.mask.liver, content.measured_pixels], axis=-1))


def test_the_stiffness_follows_from_the_measured_segment_where_rules_left_out_much_of_the_liver(tmp_path: Path) -> None:
    content = make_doubtful()
    seg = write_and_read(content, tmp_path)
    uids = [str(source.SOPInstanceUID) for source in content.headers]
    liver, region = np.moveaxis(seg.get_pixels_by_source_instance(uids), -1, 0).astype(bool)
    assert not (region & ~liver).any()
    assert region.sum() < liver.sum()
    assert content.volume.stiffness_kpa[region].mean() == pytest.approx(content.measured.measurement.mean_kpa, rel=1e-5)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_each_frame_has_the_geometry_of_the_source_it_refers_to(order: tuple[int, ...], tmp_path: Path) -> None:
    content = make_content(order=order)
    seg = write_and_read(content, tmp_path)
    sources = {str(source.SOPInstanceUID): source for source in content.headers}
    shared = seg.SharedFunctionalGroupsSequence[0]
    assert len(seg.PerFrameFunctionalGroupsSequence) == 2 * SLICES
    for group in seg.PerFrameFunctionalGroupsSequence:
        source = sources[group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID]
        assert group.PlanePositionSequence[0].ImagePositionPatient == source.ImagePositionPatient
        orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        assert orientation == source.ImageOrientationPatient
        assert shared.PixelMeasuresSequence[0].PixelSpacing == source.PixelSpacing
    assert seg.FrameOfReferenceUID == content.headers[0].FrameOfReferenceUID


def test_slices_without_liver_keep_their_empty_frames(tmp_path: Path) -> None:
    arrays = make_arrays()
    liver = arrays.liver.copy()
    liver[1] = False
    content = make_content(replace(arrays, liver=liver))
    seg = write_and_read(content, tmp_path)
    assert seg.NumberOfFrames == 2 * SLICES
    expected = [*liver.sum(axis=(1, 2)), *content.measured_pixels.sum(axis=(1, 2))]
    assert sorted(seg.pixel_array.sum(axis=(1, 2))) == sorted(expected)


def test_segment_says_what_it_is_who_made_it_and_how_to_track_it(tmp_path: Path) -> None:
    content = make_content()
    seg = write_and_read(content, tmp_path)
    segment = seg.SegmentSequence[0]
    assert seg.SegmentationType == "BINARY"
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == "10200004"
    assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (MODEL.name, MODEL.version)
    assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
    assert (segment.TrackingID, segment.TrackingUID) == ("Liver", content.tracking_uid)
    assert len(segment.RecommendedDisplayCIELabValue) == 3
    assert seg.ContentLabel == "LIVER"


def test_the_measured_region_is_a_segment_that_is_told_from_the_liver(tmp_path: Path) -> None:
    content = make_content()
    seg = write_and_read(content, tmp_path)
    liver, region = seg.SegmentSequence
    assert (region.SegmentNumber, region.SegmentLabel, region.TrackingID) == (2, "Measured region", "Measured region")
    assert region.TrackingUID == content.region_uid != liver.TrackingUID
    kind, category = region.SegmentedPropertyTypeCodeSequence[0], region.SegmentedPropertyCategoryCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("C85402", "NCIt")
    assert category.CodeValue == "309825002"
    assert region.AnatomicRegionSequence[0].CodeValue == "10200004"
    assert region.RecommendedDisplayCIELabValue != liver.RecommendedDisplayCIELabValue
    assert region.SegmentAlgorithmType == "AUTOMATIC"


@pytest.mark.parametrize("liver", [True, False])
def test_an_exam_that_is_not_evaluable_has_no_segmentation(*, liver: bool) -> None:
    with pytest.raises(ValueError, match="no segmentation"):
        build_segmentation(make_not_evaluable(liver=liver))

"""The structured report holds measurement, stage and outlines of the measured region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from highdicom.sr import srread
from scipy import ndimage

from liver_mre.measurement.measure import measure
from liver_mre.measurement.region import confident_liver
from liver_mre.report import codes
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sr.document import build_report
from liver_mre.workflow.outcome import Reason
from tests.report.content_factory import (
    MODEL,
    changed,
    fill,
    make_arrays,
    make_content,
    make_not_evaluable,
    with_headers,
)

if TYPE_CHECKING:
    from pathlib import Path

    from highdicom.sr import (
        Comprehensive3DSR,
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
    )
    from pydicom.sr.coding import Code

    from liver_mre.report.content import ReportContent

EXACT = 0.5e-4  # numbers are written to four decimals


def write_and_read(content: ReportContent, folder: Path) -> Comprehensive3DSR:
    path = folder / "sr.dcm"
    build_report(content).save_as(path, enforce_file_format=True)
    return srread(path)


def exam_group(report: Comprehensive3DSR) -> MeasurementsAndQualitativeEvaluations:
    """Return the group of the exam: the first."""
    return report.content.get_image_measurement_groups()[0]


def slice_groups(report: Comprehensive3DSR) -> list[PlanarROIMeasurementsAndQualitativeEvaluations]:
    return report.content.get_planar_roi_measurement_groups()


def elasticity(group: MeasurementsAndQualitativeEvaluations) -> dict[str, float]:
    return {item.derivation.value: item.value for item in group.get_measurements(codes.ELASTICITY)}


def evaluations(group: MeasurementsAndQualitativeEvaluations) -> dict[str, Code]:
    return {item.name.value: item.value for item in group.get_qualitative_evaluations()}


def texts(report: Comprehensive3DSR) -> dict[str, str]:
    containers = [item for item in report.ContentSequence if item.ValueType == "CONTAINER"]
    notes = containers[-1]
    assert notes.ConceptNameCodeSequence[0].CodeValue == "C0034375"
    return {item.ConceptNameCodeSequence[0].CodeValue: item.TextValue for item in notes.ContentSequence}


def test_liver_group_holds_the_exam_s_stiffness_in_kpa(tmp_path: Path) -> None:
    content = make_content()
    measured = content.measured.measurement
    group = exam_group(write_and_read(content, tmp_path))
    assert elasticity(group) == pytest.approx(
        {
            codes.MEAN.value: measured.mean_kpa,
            codes.STANDARD_DEVIATION.value: measured.sd_kpa,
            codes.MEDIAN.value: measured.median_kpa,
            "P25": measured.p25_kpa,
            "P75": measured.p75_kpa,
        },
        abs=EXACT,
    )
    assert {item.unit.value for item in group.get_measurements(codes.ELASTICITY)} == {"kPa"}


def test_liver_group_holds_areas_and_measurable_share(tmp_path: Path) -> None:
    content = make_content()
    measured = content.measured.measurement
    group = exam_group(write_and_read(content, tmp_path))
    names = (codes.AREA, codes.private("liver_area"), codes.private("measurable_share"))
    found = [group.get_measurements(name)[0] for name in names]
    expected = [measured.area_cm2, measured.liver_area_cm2, measured.measurable_share]
    assert [item.value for item in found] == pytest.approx(expected, abs=EXACT)
    assert [item.unit.value for item in found] == ["cm2", "cm2", "{ratio}"]


def test_every_stiffness_names_mr_elastography_as_its_method(tmp_path: Path) -> None:
    report = write_and_read(make_content(), tmp_path)
    for group in [exam_group(report), *slice_groups(report)]:
        assert group.method == codes.private("mr_elastography")
        for item in group.get_measurements(codes.ELASTICITY):
            assert item.method == codes.private("mr_elastography")


def test_stage_is_coded_with_its_profile(tmp_path: Path) -> None:
    content = make_content()
    found = evaluations(exam_group(write_and_read(content, tmp_path)))
    assert found["PROFILE"].meaning == content.measured.staging.profile == "resoundant_2019"
    assert found["CATEGORY"].meaning == content.measured.staging.category
    assert found["METAVIR-MIN"] == codes.metavir(content.measured.staging.metavir_min)
    assert found["METAVIR-MAX"] == codes.metavir(content.measured.staging.metavir_max)
    assert found["SIGNIF-FIBROSIS"] == codes.YES


def test_a_mean_just_below_the_cutoff_is_written_below_it(tmp_path: Path) -> None:
    content = make_content(make_arrays(2.6))
    content = changed(content, measurement=replace(content.measured.measurement, mean_kpa=2.799999))
    group = exam_group(write_and_read(content, tmp_path))
    assert evaluations(group)["SIGNIF-FIBROSIS"] == codes.NO
    assert elasticity(group)[codes.MEAN.value] == 2.7999


def test_image_quality_is_limited_when_a_slice_with_liver_is_not_measurable(tmp_path: Path) -> None:
    arrays = make_arrays()
    complete = exam_group(write_and_read(make_content(arrays), tmp_path))
    confident = arrays.confident.copy()
    confident[2] = False
    partial = exam_group(write_and_read(make_content(replace(arrays, confident=confident)), tmp_path))
    assert "111101" not in evaluations(complete)  # nothing has judged it diagnostic
    assert evaluations(partial)["111101"] == codes.LIMITED


def test_every_source_image_is_a_source_of_the_measurement(tmp_path: Path) -> None:
    content = make_content()
    group = exam_group(write_and_read(content, tmp_path))
    referenced = [image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for image in group.source_images]
    assert referenced == [source.SOPInstanceUID for source in content.headers]


def test_numbers_and_liver_have_the_tracking_uids_of_their_segments_and_slices_their_own(tmp_path: Path) -> None:
    content = make_content()
    report = write_and_read(content, tmp_path)
    liver, region = build_segmentation(content).SegmentSequence
    slice_uids = {group.tracking_uid for group in slice_groups(report)}
    numbers, whole = report.content.get_image_measurement_groups()
    assert (whole.tracking_uid, numbers.tracking_uid) == (liver.TrackingUID, region.TrackingUID)
    (area,) = whole.get_measurements()
    assert area.name == codes.AREA
    assert area.value == pytest.approx(content.measured.measurement.liver_area_cm2, abs=EXACT)
    assert len(slice_uids | {numbers.tracking_uid, whole.tracking_uid}) == len(content.measured.measurement.slices) + 2
    for uid in (numbers.tracking_uid, whole.tracking_uid):
        assert uid in texts(report)["REGION-DEF"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_slice_groups_hold_the_numbers_of_their_slice(order: tuple[int, ...], tmp_path: Path) -> None:
    content = make_content(order=order)
    groups = slice_groups(write_and_read(content, tmp_path))
    assert len(groups) == len(content.measured.measurement.slices)
    for group, measured in zip(groups, content.measured.measurement.slices, strict=True):
        stiffness = elasticity(group)
        assert stiffness[codes.MEAN.value] == pytest.approx(measured.stiffness_kpa_mean, abs=EXACT)
        assert group.get_measurements(codes.AREA)[0].value == pytest.approx(measured.area_cm2, abs=EXACT)
        source = group.roi.ContentSequence[0].ReferencedSOPSequence[0]
        assert source.ReferencedSOPInstanceUID == measured.sop_instance_uid


def test_outline_is_a_closed_polyline_around_the_largest_part_of_the_measured_region(tmp_path: Path) -> None:
    arrays = make_arrays()
    confident = arrays.confident.copy()
    confident[:, 30:32, 52:55] = True  # an island of measured liver
    content = make_content(replace(arrays, confident=confident))
    regions = confident_liver(content.volume, content.mask)
    for group in slice_groups(write_and_read(content, tmp_path)):
        uid = group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        index = [source.SOPInstanceUID for source in content.headers].index(uid)
        parts, number = ndimage.label(regions[index])
        assert number > 1
        largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
        points = group.roi.value
        assert group.roi.graphic_type.value == "POLYLINE"
        np.testing.assert_array_equal(points[0], points[-1])
        np.testing.assert_array_equal(fill(points[:-1], largest.shape), largest)


def test_a_single_measured_pixel_still_has_an_outline(tmp_path: Path) -> None:
    arrays = make_arrays()
    confident = np.zeros_like(arrays.confident)
    confident[1, 46, 40] = True
    content = make_content(replace(arrays, confident=confident))
    (group,) = slice_groups(write_and_read(content, tmp_path))
    assert len(group.roi.value) == 5


@pytest.mark.parametrize("liver", [True, False])
def test_an_exam_that_is_not_evaluable_has_a_reason_and_no_number(*, liver: bool, tmp_path: Path) -> None:
    content = make_not_evaluable(liver=liver)
    assert measure(content.volume, content.mask) is None
    report = write_and_read(content, tmp_path)
    group = exam_group(report)
    assert slice_groups(report) == []
    assert group.get_measurements() == []
    found = evaluations(group)
    assert found["111101"] == codes.NON_DIAGNOSTIC
    assert found["NOT-EVALUABLE"].value == "NO-CONFIDENCE"
    assert not {"CATEGORY", "SIGNIF-FIBROSIS"} & set(found)
    assert content.finding.reason.message in texts(report)["121106"]


def test_an_unknown_reason_is_coded_as_other_and_told_in_words(tmp_path: Path) -> None:
    content = changed(make_not_evaluable(), reason=Reason("new_reason", "Share ≥ 0.1 expected."))
    report = write_and_read(content, tmp_path)
    assert evaluations(exam_group(report))["NOT-EVALUABLE"].value == "NOT-EVAL-OTHER"
    assert texts(report)["121106"] == "Not evaluable. Share >= 0.1 expected."


@pytest.mark.parametrize("content", [make_content(), make_not_evaluable()], ids=["measured", "not evaluable"])
def test_report_is_complete_preliminary_and_unverified(content: ReportContent, tmp_path: Path) -> None:
    report = write_and_read(content, tmp_path)
    flags = (report.CompletionFlag, report.PreliminaryFlag, report.VerificationFlag)
    assert flags == ("COMPLETE", "PRELIMINARY", "UNVERIFIED")


def test_report_names_model_unit_and_intended_use(tmp_path: Path) -> None:
    report = write_and_read(make_content(), tmp_path)
    items = exam_group(report)[0].ContentSequence
    words = {item.name.meaning: item.value for item in items if item.ValueType == "TEXT"}
    assert (words["Algorithm Name"], words["Algorithm Version"]) == (MODEL.name, MODEL.version)
    assert f"model_sha256={MODEL.sha256}" in words["Algorithm Parameters"]
    notes = texts(report)
    assert notes["UNIT-EVIDENCE"] == "kPa = 0.01 x stored value + 0. vendor_rule: Siemens: 1 count is 10 Pa"
    assert "not for clinical use" in notes["INTENDED-USE"]


@pytest.mark.parametrize("simulated", [True, False])
def test_report_says_that_images_are_simulated_exactly_if_they_are(*, simulated: bool, tmp_path: Path) -> None:
    report = write_and_read(make_content(simulated=simulated), tmp_path)
    assert ("Simulated images" in texts(report)["INTENDED-USE"]) == simulated


def test_private_coding_scheme_is_identified(tmp_path: Path) -> None:
    report = write_and_read(make_content(), tmp_path)
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == codes.scheme()["designator"]


def test_images_without_slice_thickness_are_reported_without_image_library(tmp_path: Path) -> None:
    content = make_content()
    for source in content.headers:
        source.SliceThickness = None
    content = with_headers(content, content.headers)
    report = write_and_read(content, tmp_path)
    names = [item.ConceptNameCodeSequence[0].CodeMeaning for item in report.ContentSequence]
    assert "Image Library" not in names
    assert exam_group(report).source_images

"""Attributes of every result object: equipment, patient and study."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sr.document import build_report
from tests.report.content_factory import MODEL, changed, make_content, with_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from liver_mre.report.content import ReportContent

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def overlay(content: ReportContent) -> Dataset:
    return build_overlay(content, PICTURE)


BUILDERS = pytest.mark.parametrize("build", [build_segmentation, build_report, overlay])


def write_and_read(dataset: Dataset, folder: Path) -> Dataset:
    path = folder / "object.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return dcmread(path)


def processing_equipment(dataset: Dataset) -> Dataset:
    """Return the item of this application: the one with a DeviceUID."""
    (item,) = [item for item in dataset.ContributingEquipmentSequence if "DeviceUID" in item]
    return item


@BUILDERS
def test_series_says_that_it_is_made_by_ai_and_not_for_clinical_use(
    build: Callable[[ReportContent], Dataset], tmp_path: Path
) -> None:
    result = write_and_read(build(make_content()), tmp_path)
    assert len(result.SeriesDescription) <= 64
    assert "AI-generated, not for clinical use" in result.SeriesDescription
    assert result.SeriesNumber > 9000


def test_each_object_is_a_series_of_its_own() -> None:
    content = make_content()
    results = [build(content) for build in (build_segmentation, build_report, overlay)]
    for keyword in ("SeriesNumber", "SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription"):
        assert len({result[keyword].value for result in results}) == 3


@BUILDERS
def test_patient_and_study_are_those_of_the_source(build: Callable[[ReportContent], Dataset], tmp_path: Path) -> None:
    content = make_content()
    source, result = content.headers[0], write_and_read(build(content), tmp_path)
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "PatientAge",
        "StudyInstanceUID",
        "StudyDescription",
        "StudyDate",
        "AccessionNumber",
    ):
        assert result[keyword].value == source[keyword].value


@BUILDERS
def test_a_source_that_lacks_patient_data_or_has_a_one_word_name_is_no_obstacle(
    build: Callable[[ReportContent], Dataset], tmp_path: Path
) -> None:
    content = make_content()
    source = content.headers[0]
    for keyword in ("PatientBirthDate", "AccessionNumber", "StudyID", "StudyTime", "ReferringPhysicianName"):
        del source[keyword]
    source.PatientName, source.PatientSex = "Anonymous", "U"
    result = write_and_read(build(with_headers(content, content.headers)), tmp_path)  # warnings are errors
    assert (result.PatientName, result.PatientSex, result.AccessionNumber) == ("Anonymous", "", "")


@BUILDERS
def test_versions_of_application_and_model_are_listed(
    build: Callable[[ReportContent], Dataset], tmp_path: Path
) -> None:
    result = write_and_read(build(make_content()), tmp_path)
    expected = ["liver-mre 1.0.0", f"{MODEL.name} {MODEL.version}"]
    assert list(result.SoftwareVersions) == expected
    item = processing_equipment(result)
    assert list(item.SoftwareVersions) == expected
    assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"


@BUILDERS
def test_device_uid_changes_with_the_model_and_not_from_run_to_run(build: Callable[[ReportContent], Dataset]) -> None:
    content = make_content()
    newer = changed(content, mask=replace(content.mask, model=replace(MODEL, version="1.3.0")))
    uid = processing_equipment(build(content)).DeviceUID
    assert uid == processing_equipment(build(make_content())).DeviceUID
    assert uid != processing_equipment(build(newer)).DeviceUID


@BUILDERS
def test_dates_are_in_the_time_zone_of_the_source(build: Callable[[ReportContent], Dataset], tmp_path: Path) -> None:
    result = write_and_read(build(make_content()), tmp_path)  # 10:20 UTC, source in +0100
    assert result.TimezoneOffsetFromUTC == "+0100"
    assert (result.ContentDate, result.ContentTime) == ("20250304", "112030.123456")
    assert (result.InstanceCreationDate, result.SeriesDate) == ("20250304", "20250304")
    assert processing_equipment(result).ContributionDateTime == "20250304112030.123456+0100"


@BUILDERS
def test_without_a_zone_in_the_source_dates_keep_their_own(
    build: Callable[[ReportContent], Dataset], tmp_path: Path
) -> None:
    content = make_content()
    del content.headers[0].TimezoneOffsetFromUTC
    content = with_headers(content, content.headers)
    zone = timezone(timedelta(hours=-5, minutes=-30))
    content = changed(content, created=datetime(2025, 3, 4, 23, 0, tzinfo=zone))
    result = write_and_read(build(content), tmp_path)
    assert (result.TimezoneOffsetFromUTC, result.ContentDate) == ("-0530", "20250304")


def test_overlay_keeps_its_pixels_and_refers_to_every_source(tmp_path: Path) -> None:
    content = make_content()
    result = write_and_read(build_overlay(content, PICTURE), tmp_path)
    np.testing.assert_array_equal(result.pixel_array, PICTURE)
    assert (result.Modality, result.BodyPartExamined, result.BurnedInAnnotation) == ("OT", "LIVER", "YES")
    referenced = [item.ReferencedSOPInstanceUID for item in result.SourceImageSequence]
    assert referenced == [source.SOPInstanceUID for source in content.headers]


def test_overlay_must_be_an_rgb_picture() -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        build_overlay(make_content(), PICTURE[..., 0])

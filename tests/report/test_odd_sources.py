"""Geometry, classes and identifiers of odd VRs, classic or in functional groups, give the results of good ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydicom.tag import Tag

from liver_mre.report.seg import build_segmentation
from liver_mre.report.source.allow_list import EQUIPMENT, allowed
from liver_mre.report.source.elements import raw_element
from tests.fuzz.writers import run
from tests.report.content_factory import make_content, with_headers
from tests.report.header_factory import as_read, images_of
from tests.report.odd_headers import BUILDERS, content_with, raw, write_and_read
from tests.report.source_factory import enhanced_object

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

    from tests.report.odd_headers import Builder

PRIVATE_CLASS = "1.2.840.113619.4.27"
PLACED = {
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
}


def as_vr(item: Dataset, keyword: str, vr: str) -> None:
    """Give an element another VR; its bytes stay as they are."""
    value = as_read(item).get_item(keyword).value
    item[keyword] = raw_element(Tag(keyword), vr, value)


@BUILDERS
@pytest.mark.parametrize("vr", ["UT", "LO"])
def test_geometry_of_another_vr_is_the_same_geometry(build: Builder, vr: str, tmp_path: Path) -> None:
    content = make_content()
    for header in content.headers:
        for keyword in PLACED:
            as_vr(header, keyword, vr)
    odd = with_headers(content, content.headers)
    assert odd.volume.instances == content.volume.instances
    write_and_read(build(odd), tmp_path)


def test_geometry_of_another_vr_in_functional_groups_is_the_same_geometry(tmp_path: Path) -> None:
    content = make_content()
    enhanced = enhanced_object(content.headers, shared=False)
    for frame in enhanced.PerFrameFunctionalGroupsSequence:
        for keyword, sequence in PLACED.items():
            as_vr(frame[sequence][0], keyword, "UT")
    images = images_of(as_read(enhanced))
    odd = replace(content, volume=replace(content.volume, instances=images))
    seg = write_and_read(build_segmentation(odd), tmp_path)
    positions = [group.PlanePositionSequence[0].ImagePositionPatient for group in seg.PerFrameFunctionalGroupsSequence]
    assert {tuple(map(float, one)) for one in positions} == {one.position_mm for one in content.volume.instances}


@BUILDERS
@pytest.mark.parametrize("vr", ["OB", "UN", "LO"])
def test_uids_of_another_vr_are_referred_to(build: Builder, vr: str, tmp_path: Path) -> None:
    content = make_content()
    for header in content.headers:
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"):
            as_vr(header, keyword, vr)
    result = write_and_read(build(with_headers(content, content.headers)), tmp_path)
    referenced = {str(e.value) for e in result.iterall() if e.keyword == "ReferencedSOPInstanceUID"}
    assert referenced == {one.sop_instance_uid for one in content.volume.instances}
    assert result.StudyInstanceUID == content.source.study_instance_uid


@BUILDERS
def test_a_private_class_is_referred_to_as_it_is(build: Builder, tmp_path: Path) -> None:
    result = write_and_read(build(content_with(SOPClassUID=PRIVATE_CLASS)), tmp_path)
    assert {e.value for e in result.iterall() if e.keyword == "ReferencedSOPClassUID"} == {PRIVATE_CLASS}


@BUILDERS
@pytest.mark.parametrize("value", [b"", b"MR image"])
def test_an_unusable_class_is_that_of_the_file_meta_information(build: Builder, value: bytes, tmp_path: Path) -> None:
    content = content_with(None, raw("SOPClassUID", "UI", value))
    known = make_content().headers[0].SOPClassUID
    images = (images_of(as_read(header), storage_class=known)[0] for header in content.headers)
    content = replace(content, volume=replace(content.volume, instances=tuple(images)))
    result = write_and_read(build(content), tmp_path)
    assert {e.value for e in result.iterall() if e.keyword == "ReferencedSOPClassUID"} == {known}


@BUILDERS
def test_attributes_that_no_result_needs_do_not_matter(build: Builder, tmp_path: Path) -> None:
    odd = [raw("Modality", "IS", b"MR"), raw("SeriesDescription", "SS", b"\1\0"), raw("ImageType", "SQ", b"")]
    write_and_read(build(content_with(None, *odd)), tmp_path)


@BUILDERS
def test_results_carry_every_attribute_of_the_list_and_no_other_of_the_source(build: Builder, tmp_path: Path) -> None:
    private = {"PatientComments": "SESAME", "AdditionalPatientHistory": "SESAME", "InstitutionAddress": "SESAME"}
    result = build(content_with(**private, AdmissionID="SESAME", StationName="SESAME", OperatorsName="SESAME"))
    assert "SESAME" not in str(result)
    listed = {one.keyword for name, module in allowed().items() if name != EQUIPMENT for one in module}
    source = make_content().headers[0]
    optional = {"PositionReferenceIndicator"}  # of objects that lie in space
    assert {keyword for keyword in source.dir() if keyword in listed - optional} <= set(result.dir())
    write_and_read(result, tmp_path)


def test_odd_elements_of_any_kind_are_refused_with_a_reason_or_give_valid_results() -> None:
    report = run(60, seed=7, validate_every=20)  # thousands: `make fuzz`
    assert report.passed, str(report)
    assert report.written > 20

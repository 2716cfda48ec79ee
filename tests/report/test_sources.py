"""Incomplete and invalid source headers give valid results or a clear error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.valuerep import PersonName

from liver_mre.errors import GeometryError, InvalidInputError
from liver_mre.measurement.measure import measure
from liver_mre.report.seg import build_segmentation
from liver_mre.report.source.character_sets import declared_sets
from liver_mre.report.sr.document import build_report
from tests.report.content_factory import Exam, changed, make_content, with_headers
from tests.report.header_factory import SLICE_SPACING_MM
from tests.report.odd_headers import BUILDERS, MISSING, content_with, raw, write_and_read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.odd_headers import Builder


def without_last_slices(content: Exam) -> Exam:
    """Return the content of the first slice alone."""
    volume = replace(
        content.volume,
        stiffness_kpa=content.volume.stiffness_kpa[:1],
        valid=content.volume.valid[:1],
        confident=content.volume.confident[:1],
        instances=content.volume.instances[:1],
    )
    mask = replace(content.mask, liver=content.mask.liver[:1])
    return changed(content, volume=volume, mask=mask, headers=content.headers[:1], measurement=measure(volume, mask))


@BUILDERS
@pytest.mark.parametrize(
    ("sets", "name"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 144", "Люксембург"),
        ("", "Simulated^Liver"),
        ("ISO_IR 6", "Simulated^Liver"),
        (["", "ISO 2022 IR 6"], "Simulated^Liver"),
    ],
)
def test_names_and_words_survive_in_every_character_set(
    build: Builder, sets: str | list[str], name: str, tmp_path: Path
) -> None:
    words = name.rsplit("=", maxsplit=1)[-1].replace("^", " ")
    content = content_with(SpecificCharacterSet=sets, PatientName=name, StudyDescription=words)
    result = write_and_read(build(content), tmp_path)
    assert str(result.PatientName) == name
    assert result.StudyDescription == words


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, []),
        ("", []),
        ("ISO_IR 6", []),
        ("ISO 2022 IR 6", []),
        ("ISO_IR 100", ["ISO_IR 100"]),
        ("ISO 2022 IR 100", ["ISO_IR 100"]),
        ("ISO-IR 100", ["ISO_IR 100"]),
        ("ISO 2022 IR 87", ["ISO 2022 IR 6", "ISO 2022 IR 87"]),
        (["", "ISO 2022 IR 87"], ["ISO 2022 IR 6", "ISO 2022 IR 87"]),
        (["ISO_IR 100", "ISO 2022 IR 144"], ["ISO 2022 IR 100", "ISO 2022 IR 144"]),
        ("GB18030", ["GB18030"]),
        (["ISO_IR 192", "ISO 2022 IR 87"], ["ISO_IR 192"]),
        ("utf8", ["ISO_IR 192"]),
    ],
)
def test_character_sets_are_named_as_the_standard_names_them(
    written: str | list[str] | None, expected: list[str]
) -> None:
    terms = [written or ""] if isinstance(written, str | None) else written
    assert list(declared_sets(terms)) == expected


@BUILDERS
def test_bytes_of_a_simplified_chinese_name_survive(build: Builder, tmp_path: Path) -> None:
    # Compared as bytes, because pydicom 3.0 leaves the escape sequences of this set in the words that it reads.
    encoded = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"
    name = PersonName(encoded, ["iso8859", "iso_ir_58"])
    content = content_with(SpecificCharacterSet=["", "ISO 2022 IR 58"], PatientName=name)
    result = write_and_read(build(content), tmp_path)
    assert list(result.SpecificCharacterSet) == ["ISO 2022 IR 6", "ISO 2022 IR 58"]
    assert result.get_item("PatientName").value.rstrip() == encoded


@BUILDERS
@pytest.mark.parametrize(
    "values",
    [
        {"StudyDate": "15.01.2024"},
        {"StudyDate": "20240230"},
        {"PatientBirthDate": "12.03.1950"},
        {"StudyTime": "2 pm"},
        {"StudyTime": "146100"},
    ],
)
def test_a_malformed_date_or_time_is_left_empty(build: Builder, values: dict[str, str], tmp_path: Path) -> None:
    result = write_and_read(build(content_with(**values)), tmp_path)
    for keyword in values:
        assert not result[keyword].value


@BUILDERS
@pytest.mark.parametrize(
    "values",
    [
        {"PatientAge": "55"},
        {"PatientBirthTime": "8 o'clock"},
        {"PatientComments": "x" * 10241},
        {"IssuerOfPatientID": "", "EthnicGroupCodeSequence": [], "ReferencedStudySequence": []},
        {"OtherPatientNames": "x" * 65},
        {"Occupation": "x" * 17},
        {"StudyDescription": ["one", "two"]},
    ],
)
def test_what_a_result_need_not_carry_is_left_out_if_it_is_malformed(
    build: Builder, values: dict[str, Any], tmp_path: Path
) -> None:
    result = write_and_read(build(content_with(**values)), tmp_path)
    assert [keyword for keyword in values if result.get(keyword)] == []


@BUILDERS
def test_a_number_that_cannot_be_read_is_left_out(build: Builder, tmp_path: Path) -> None:
    content = content_with(None, raw("PatientWeight", "DS", b"heavy "))
    assert "PatientWeight" not in write_and_read(build(content), tmp_path)


@BUILDERS
@pytest.mark.parametrize("offset", ["+9999", "CET", "+1460", "+0100\\+0200", ""])
def test_an_impossible_time_zone_is_not_taken_over(build: Builder, offset: str, tmp_path: Path) -> None:
    result = write_and_read(build(content_with(TimezoneOffsetFromUTC=offset)), tmp_path)
    assert (result.TimezoneOffsetFromUTC, result.ContentTime) == ("+0000", "102030.123456")


@BUILDERS
def test_an_over_long_description_is_cut(build: Builder, tmp_path: Path) -> None:
    result = write_and_read(build(content_with(StudyDescription="MR liver " * 10)), tmp_path)
    assert result.StudyDescription == ("MR liver " * 10)[:64].rstrip()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientID", "P" * 65),
        ("PatientID", ["ONE", "TWO"]),
        ("IssuerOfPatientID", "I" * 65),
        ("AccessionNumber", "A" * 17),
    ],
)
def test_an_identifier_is_never_cut_and_never_quoted(keyword: str, value: str | list[str]) -> None:
    with pytest.raises(InvalidInputError, match=keyword) as refusal:
        content_with(**{keyword: value})
    assert not any(part in str(refusal.value) for part in (value if isinstance(value, list) else [value, value[:16]]))


@BUILDERS
@pytest.mark.parametrize("keyword", ["FrameOfReferenceUID", "SliceThickness"])
@pytest.mark.parametrize("value", [MISSING, "", None])
def test_geometry_that_the_sources_lack_is_no_obstacle(
    build: Builder, keyword: str, value: object, tmp_path: Path
) -> None:
    write_and_read(build(content_with(**{keyword: value})), tmp_path)


@pytest.mark.parametrize("value", [MISSING, ""])
def test_a_missing_frame_of_reference_is_the_same_in_every_result_of_a_series(value: object) -> None:
    content = content_with(FrameOfReferenceUID=value)
    uid = build_segmentation(content).FrameOfReferenceUID
    assert uid == build_segmentation(content).FrameOfReferenceUID
    assert uid != build_segmentation(content_with(FrameOfReferenceUID=value)).FrameOfReferenceUID  # another series


def test_the_report_ascribes_no_made_up_frame_of_reference_to_the_images() -> None:
    content = content_with(FrameOfReferenceUID=MISSING)
    made_up = build_segmentation(content).FrameOfReferenceUID
    assert made_up not in str(build_report(content))


def test_a_single_image_without_frame_of_reference_takes_that_of_its_series() -> None:
    content = make_content()
    del content.headers[2].FrameOfReferenceUID
    content = with_headers(content, content.headers)
    assert build_segmentation(content).FrameOfReferenceUID == content.headers[0].FrameOfReferenceUID


def test_several_frames_of_reference_are_refused() -> None:
    content = make_content()
    content.headers[2].FrameOfReferenceUID = "1.2.3"
    with pytest.raises(GeometryError, match="different frames of reference"):
        build_segmentation(with_headers(content, content.headers))


@pytest.mark.parametrize("value", [MISSING, "", 0])
def test_a_missing_thickness_is_the_distance_between_slices(value: object) -> None:
    content = content_with(make_content(order=(2, 0, 3, 1)), SliceThickness=value, SpacingBetweenSlices=MISSING)
    measures = build_segmentation(content).SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert (measures.SliceThickness, measures.SpacingBetweenSlices) == (SLICE_SPACING_MM, SLICE_SPACING_MM)


@pytest.mark.parametrize("spacing", [MISSING, "", 0])
def test_a_single_slice_of_unknown_thickness_is_refused(spacing: object) -> None:
    content = without_last_slices(content_with(SliceThickness=MISSING, SpacingBetweenSlices=spacing))
    with pytest.raises(GeometryError, match="SliceThickness"):
        build_segmentation(content)


def test_a_single_slice_is_as_thick_as_its_spacing_says(tmp_path: Path) -> None:
    content = without_last_slices(content_with(SliceThickness=MISSING))
    result = write_and_read(build_segmentation(content), tmp_path)
    measures = result.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SliceThickness == SLICE_SPACING_MM

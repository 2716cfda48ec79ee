"""Incomplete and invalid source headers give valid results or a clear error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import PersonName

from liver_mre.errors import GeometryError, InvalidInputError
from liver_mre.measurement.measure import measure
from liver_mre.report.quiet import quiet
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sources import character_set
from liver_mre.report.sr.document import build_report
from tests import tools
from tests.report.content_factory import changed, make_arrays, make_content
from tests.report.header_factory import SLICE_SPACING_MM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from liver_mre.report.content import ReportContent

    Builder = Callable[[ReportContent], Dataset]

PICTURE = np.zeros((6, 8, 3), np.uint8)
MISSING = object()


def overlay(content: ReportContent) -> Dataset:
    return build_overlay(content, PICTURE)


BUILDERS = pytest.mark.parametrize("build", [build_segmentation, build_report, overlay])


def content_with(content: ReportContent | None = None, **values: object) -> ReportContent:
    """Return content whose sources have these values, valid or not; `MISSING` removes an attribute."""
    content = content or make_content()
    with quiet():
        for source in content.sources:
            for keyword, value in values.items():
                if value is MISSING:
                    delattr(source, keyword)
                else:
                    setattr(source, keyword, value)
    return content


def from_files(content: ReportContent, folder: Path) -> ReportContent:
    """Return content with its sources read back from files, as a run reads them."""
    sources = []
    for number, source in enumerate(content.sources):
        source.file_meta = FileMetaDataset()
        source.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"source{number}.dcm"
        source.save_as(path, enforce_file_format=True)
        sources.append(dcmread(path))
    return changed(content, sources=tuple(sources))


def write_and_read(dataset: Dataset, folder: Path) -> Dataset:
    """Write an object and read it again; an independent validator must find no error in the file."""
    path = folder / "object.dcm"
    dataset.save_as(path, enforce_file_format=True)
    output = tools.run([tools.debian_tool("dciodvfy"), path])
    assert output
    assert tools.errors(output) == []
    return dcmread(path)


def without_last_slices(content: ReportContent) -> ReportContent:
    """Return the content of the first slice alone."""
    volume = replace(
        content.volume,
        stiffness_kpa=content.volume.stiffness_kpa[:1],
        valid=content.volume.valid[:1],
        confident=content.volume.confident[:1],
        instances=content.volume.instances[:1],
    )
    mask = replace(content.mask, liver=content.mask.liver[:1])
    return changed(content, volume=volume, mask=mask, sources=content.sources[:1], measurement=measure(volume, mask))


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
    result = write_and_read(build(from_files(content, tmp_path)), tmp_path)
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
    source = Dataset()
    with quiet():
        source.SpecificCharacterSet = written
        assert character_set(source) == expected


@BUILDERS
def test_bytes_of_a_simplified_chinese_name_survive(build: Builder, tmp_path: Path) -> None:
    # Compared as bytes, because pydicom 3.0 leaves the escape sequences of this set in the words that it reads.
    encoded = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"
    name = PersonName(encoded, ["iso8859", "iso_ir_58"])
    content = content_with(SpecificCharacterSet=["", "ISO 2022 IR 58"], PatientName=name)
    result = write_and_read(build(from_files(content, tmp_path)), tmp_path)
    assert list(result.SpecificCharacterSet) == ["ISO 2022 IR 6", "ISO 2022 IR 58"]
    assert result.get_item("PatientName").value.rstrip() == encoded


@BUILDERS
@pytest.mark.parametrize(
    "values",
    [
        {"StudyDate": "2024-01-15"},
        {"StudyDate": "20240230"},
        {"PatientBirthDate": "12.03.1950"},
        {"StudyTime": "14:05:01"},
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
    content = make_content()
    source = content.sources[0]
    del source.PatientWeight
    source.add_new(0x00101030, "LO", "heavy")  # PatientWeight, the same bytes as a DS
    content = from_files(content, tmp_path)
    for path in tmp_path.glob("source0.dcm"):
        path.write_bytes(path.read_bytes().replace(b"\x10\x00\x30\x10LO", b"\x10\x00\x30\x10DS"))
        content = changed(content, sources=(dcmread(path), *content.sources[1:]))
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


@BUILDERS
@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientID", "P" * 65),
        ("PatientID", ["ONE", "TWO"]),
        ("IssuerOfPatientID", "I" * 65),
        ("AccessionNumber", "A" * 17),
    ],
)
def test_an_identifier_is_never_cut_and_never_quoted(build: Builder, keyword: str, value: str | list[str]) -> None:
    with pytest.raises(InvalidInputError, match=keyword) as refusal:
        build(content_with(**{keyword: value}))
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
    del content.sources[2].FrameOfReferenceUID
    assert build_segmentation(content).FrameOfReferenceUID == content.sources[0].FrameOfReferenceUID


def test_several_frames_of_reference_are_refused() -> None:
    content = make_content()
    content.sources[2].FrameOfReferenceUID = "1.2.3"
    with pytest.raises(GeometryError, match="different frames of reference"):
        build_segmentation(content)


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


@BUILDERS
def test_sources_are_left_as_they_are(build: Builder) -> None:
    content = content_with(
        make_content(make_arrays()), StudyDate="2024-01-15", FrameOfReferenceUID="", SpecificCharacterSet="ISO_IR 6"
    )
    before = [source.to_json() for source in content.sources]
    build(content)
    assert [source.to_json() for source in content.sources] == before

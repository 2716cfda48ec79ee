"""Each slice gets the header of a classic image; each file is read once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread

from liver_mre.report import source_files
from liver_mre.report.quiet import quiet
from liver_mre.report.source_files import read_sources
from liver_mre.report.wording import SIMULATION_MARKER, is_simulated
from tests.report.content_factory import changed, make_content, source_images, write
from tests.report.source_factory import as_frames, enhanced_object

if TYPE_CHECKING:
    from pathlib import Path

PLACES = [(0, 3), (0, 1), (1, 2), (0, 2)]
GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices")


def frame_of(enhanced: Dataset, folder: Path, frame_number: int) -> Dataset:
    """Write an object and read the header of one of its frames."""
    path = folder / "object.dcm"
    enhanced.save_as(path, enforce_file_format=True)
    instance = replace(make_content().volume.instances[0], source=str(path), frame_number=frame_number)
    (header,) = read_sources([instance])
    return header


@pytest.mark.parametrize("shared", [True, False])
def test_frame_has_the_geometry_of_its_functional_groups(*, shared: bool, tmp_path: Path) -> None:
    classic = make_content()
    frames = as_frames(classic, tmp_path, PLACES, shared=shared)
    for source, expected, instance in zip(frames.sources, classic.sources, frames.volume.instances, strict=True):
        for keyword in GEOMETRY:
            assert source[keyword].value == expected[keyword].value
        assert source.SOPInstanceUID == instance.sop_instance_uid
        assert source.PatientID == expected.PatientID
        assert "NumberOfFrames" not in source
        assert "PerFrameFunctionalGroupsSequence" not in source


def test_every_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_frames(make_content(), tmp_path, PLACES)
    read: list[str] = []

    def count(path: str, **options: bool) -> Dataset:
        read.append(path)
        return dcmread(path, **options)

    monkeypatch.setattr(source_files.pydicom, "dcmread", count)
    read_sources(content.volume.instances)
    assert sorted(read) == sorted({instance.source for instance in content.volume.instances})


def test_classic_images_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    content = make_content(order=(2, 0, 3, 1))
    paths = write(source_images(content), tmp_path)
    instances = [replace(i, source=str(p)) for i, p in zip(content.volume.instances, paths, strict=True)]
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        read = read_sources([instances[s] for s in order])
        assert [header.SOPInstanceUID for header in read] == [instances[s].sop_instance_uid for s in order]
        assert not any("PixelData" in header for header in read)


def test_the_only_frame_of_an_enhanced_object_needs_no_number(tmp_path: Path) -> None:
    classic = make_content().sources[1]
    header = frame_of(enhanced_object([classic]), tmp_path, None)
    assert header.ImagePositionPatient == classic.ImagePositionPatient


def test_a_simulated_frame_is_told_by_its_comments(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content(simulated=False).sources)
    enhanced.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].FrameComments = SIMULATION_MARKER
    content = make_content()
    for frame, expected in ((1, False), (2, True)):
        assert is_simulated(changed(content, sources=(frame_of(enhanced, tmp_path, frame),))) == expected


def test_what_a_converter_could_not_assign_is_read_where_nothing_else_says_it(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content(simulated=False).sources)
    shared, own = Dataset(), Dataset()
    shared.ImageComments, shared.PatientID = SIMULATION_MARKER, "OTHER"
    own.ImagePositionPatient, own.SeriesNumber = [1.0, 2.0, 3.0], 99
    enhanced.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [shared]
    enhanced.PerFrameFunctionalGroupsSequence[1].UnassignedPerFrameConvertedAttributesSequence = [own]
    header = frame_of(enhanced, tmp_path, 2)
    assert header.ImageComments == SIMULATION_MARKER
    assert header.PatientID == "SIM-0001"
    assert header.SeriesNumber == 12
    assert header.ImagePositionPatient == make_content().sources[1].ImagePositionPatient


def test_a_damaged_value_that_no_result_needs_is_no_obstacle(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content().sources)
    unassigned = Dataset()
    unassigned.add_new(0x00101030, "LO", "heavy")  # PatientWeight, the same bytes as a DS
    del enhanced.PatientWeight
    enhanced.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [unassigned]
    path = tmp_path / "object.dcm"
    enhanced.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(b"\x10\x00\x30\x10LO", b"\x10\x00\x30\x10DS"))
    instance = replace(make_content().volume.instances[0], source=str(path), frame_number=1)
    with quiet():
        (header,) = read_sources([instance])
        assert header.get_item("PatientWeight").value.strip() == b"heavy"


def test_names_survive_in_the_character_set_of_the_object(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content().sources)
    enhanced.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    enhanced.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert str(frame_of(enhanced, tmp_path, 3).PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_a_file_that_has_gone_is_an_error(tmp_path: Path) -> None:
    instance = replace(make_content().volume.instances[0], source=str(tmp_path / "gone.dcm"))
    with pytest.raises(FileNotFoundError):
        read_sources([instance])

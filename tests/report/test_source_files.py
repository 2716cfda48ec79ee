"""Results take their header from the first image, whether it is a file or a frame of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset
from pydicom.tag import Tag

from liver_mre.report.quiet import quiet
from liver_mre.report.source.files import read_source
from liver_mre.report.source.header import clean_header
from liver_mre.report.wording import SIMULATION_MARKER, is_simulated
from tests.report.content_factory import changed, make_content
from tests.report.source_factory import enhanced_object

if TYPE_CHECKING:
    from pathlib import Path


def frame_of(enhanced: Dataset, folder: Path, frame_number: int | None) -> Dataset:
    """Write an object and read the header of one of its frames."""
    path = folder / "object.dcm"
    enhanced.save_as(path, enforce_file_format=True)
    return read_source(replace(make_content().volume.instances[0], source=str(path), frame_number=frame_number))


@pytest.mark.parametrize("frame_number", [None, 1, 4])
def test_a_frame_has_the_attributes_of_its_object(frame_number: int | None, tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content().headers)
    header = frame_of(enhanced, tmp_path, frame_number)
    assert (header.PatientID, header.StudyInstanceUID) == (enhanced.PatientID, enhanced.StudyInstanceUID)
    assert "PixelData" not in header


def test_a_simulated_frame_is_told_by_its_comments(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content(simulated=False).headers)
    enhanced.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].FrameComments = SIMULATION_MARKER
    for frame, expected in ((1, False), (2, True)):
        source = clean_header(frame_of(enhanced, tmp_path, frame))
        assert is_simulated(changed(make_content(), source=source)) == expected


def test_what_a_converter_could_not_assign_is_read_where_nothing_else_says_it(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content(simulated=False).headers)
    shared, own = Dataset(), Dataset()
    shared.ImageComments, shared.PatientID = SIMULATION_MARKER, "OTHER"
    own.SeriesNumber, own.PatientAge = 99, "070Y"
    del enhanced.PatientAge
    enhanced.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [shared]
    enhanced.PerFrameFunctionalGroupsSequence[1].UnassignedPerFrameConvertedAttributesSequence = [own]
    header = frame_of(enhanced, tmp_path, 2)
    assert header.ImageComments == SIMULATION_MARKER
    assert (header.PatientID, header.SeriesNumber, header.PatientAge) == ("SIM-0001", 12, "070Y")


def test_values_are_not_converted_because_damaged_ones_cannot_be(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content().headers)
    unassigned = Dataset()
    unassigned.add_new(Tag("PatientWeight"), "LO", "heavy")  # the same bytes as a DS
    del enhanced.PatientWeight
    enhanced.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [unassigned]
    path = tmp_path / "object.dcm"
    enhanced.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(b"\x10\x00\x30\x10LO", b"\x10\x00\x30\x10DS"))
    instance = replace(make_content().volume.instances[0], source=str(path), frame_number=1)
    with quiet():
        assert read_source(instance).get_item("PatientWeight").value.strip() == b"heavy"


def test_names_survive_in_the_character_set_of_the_object(tmp_path: Path) -> None:
    enhanced = enhanced_object(make_content().headers)
    enhanced.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    enhanced.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert str(frame_of(enhanced, tmp_path, 3).PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_a_file_that_has_gone_is_an_error(tmp_path: Path) -> None:
    instance = replace(make_content().volume.instances[0], source=str(tmp_path / "gone.dcm"))
    with pytest.raises(FileNotFoundError):
        read_source(instance)

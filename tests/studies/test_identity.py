"""SOP class, identifiers and private elements are found in whatever form a header has them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
from pydicom import DataElement, Dataset, config
from pydicom.uid import ImplicitVRLittleEndian

from liver_mre.errors import NoDicomError
from liver_mre.studies.identifiers import unusable_identifier_message, unusable_identifiers
from liver_mre.studies.reader import read_studies
from tests.studies.files import change, copy_files, masked_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy

MR = "1.2.840.10008.5.1.4.1.1.4"
PRIVATE = "1.3.46.670589.11.0.0.12.1"


def class_read(file: Path, vr: str, value: object, *, storage_class: str = MR) -> str:
    """Return the class of an image whose SOPClassUID was changed."""

    def changed(ds: Dataset) -> None:
        ds["SOPClassUID"] = DataElement("SOPClassUID", vr, value)
        ds.file_meta.MediaStorageSOPClassUID = storage_class

    change(file, changed)
    (study,) = read_studies(file).studies
    return study.series[0].first.sop_class_uid


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("UI", MR, MR),
        ("UI", PRIVATE, PRIVATE),
        ("LO", "MR Image Storage", MR),
        ("UI", "", MR),
        ("OB", MR.encode() + b"\0", MR),
        ("OB", b"\xff\x00\x12\x34", MR),
    ],
)
def test_a_class_that_is_no_uid_is_taken_from_the_file_meta_information(
    siemens: WrittenStudy, tmp_path: Path, vr: str, value: object, expected: str
) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    assert class_read(file, vr, value) == expected


def test_without_any_class_an_image_is_kept_so_that_its_study_can_say_why_it_is_refused(
    siemens: WrittenStudy, tmp_path: Path
) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    assert class_read(file, "LO", "MR Image Storage", storage_class="") == ""


@pytest.mark.parametrize(
    ("keyword", "value", "usable"),
    [
        ("PatientID", "P" * 64, True),
        ("PatientID", "P" * 65, False),
        ("PatientID", "ONE\\TWO", False),
        ("PatientID", "ONE\nTWO", False),
        ("PatientID", "", True),
        ("IssuerOfPatientID", "I" * 70, False),
        ("AccessionNumber", "A" * 16, True),
        ("AccessionNumber", "A" * 24, False),
    ],
)
@pytest.mark.parametrize("vr", ["LO", "LT", "UN"])
def test_an_identifier_is_judged_by_what_dicom_allows_whatever_its_vr(
    keyword: str, value: str, vr: str, *, usable: bool
) -> None:
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = Dataset()
        header[keyword] = DataElement(keyword, vr, value.encode() if vr == "UN" else value)
        assert unusable_identifiers(header) == (() if usable else (keyword,))
    assert value[:8] not in unusable_identifier_message(keyword) or not value


def moved(block: int, creator: str = "GEMS_ACQU_01", *, other: str = "ARCHIVE") -> Callable[[Dataset], None]:
    """Return what writes GE's sequence name to a block, and another creator's text to block 10."""

    def write(ds: Dataset) -> None:
        if other:
            ds.add_new(0x00190010, "LO", other)
            ds.add_new(0x0019109C, "LO", "epimre")
        if creator:
            ds.add_new(0x00190000 | block, "LO", creator)
        ds.add_new(0x0019009C | block << 8, "LO", "fgremre")

    return write


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (moved(0x10, other=""), "fgremre"),
        (moved(0x11), "fgremre"),
        (moved(0xE0, "gems_acqu_01 "), "fgremre"),
        (moved(0x11, "SIEMENS MR HEADER"), ""),
        (moved(0x10, "", other=""), "fgremre"),
    ],
)
def test_a_private_element_is_found_by_its_creator(
    siemens: WrittenStudy, tmp_path: Path, write: Callable[[Dataset], None], expected: str, *, implicit: bool
) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)

    def changed(ds: Dataset) -> None:
        write(ds)
        if implicit:
            ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    change(file, changed)
    (study,) = read_studies(file).studies
    assert study.series[0].first.private_sequence_name == expected


def test_a_file_without_any_uid_is_still_no_study(tmp_path: Path) -> None:
    (tmp_path / "bare").write_bytes(b"\x08\x00\x16\x00UI\x02\x00x\0")
    with pytest.raises(NoDicomError):
        read_studies(tmp_path)

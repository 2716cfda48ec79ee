"""What the header says of its pixels: odd elements are named, when headers are read, and never called truncation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from liver_mre.errors import LossyPixelsError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies.decoding import read_images
from liver_mre.studies.pixel_format import check_pixel_headers
from liver_mre.studies.reader import read_studies
from tests.planning import select
from tests.studies.files import RULES, change, copy_files, masked_files
from tests.studies.stored import instances, read, rewrite, write
from tests.studies.test_decoding import uncompressed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy

STORED = np.arange(2 * 6 * 8, dtype=np.uint16).reshape(2, 6, 8)


def refused(path: Path, error: type[Exception], why: str) -> None:
    """Both reading headers and reading pixels give the reason."""
    found = instances(path)
    with pytest.raises(error, match=why):
        check_pixel_headers(found)
    with pytest.raises(error, match=why):
        read_images(found)


ODD: list[tuple[str, Any, str]] = [
    ("BitsAllocated", None, "BitsAllocated is missing"),
    ("BitsAllocated", 12, "BitsAllocated is 12, where 8 or 16 is possible"),
    ("BitsAllocated", 32, "BitsAllocated is 32, where 8 or 16 is possible"),
    ("BitsStored", None, "BitsStored is missing"),
    ("BitsStored", 0, "BitsStored is 0, where 1 to 16 is possible"),
    ("BitsStored", 17, "BitsStored is 17, where 1 to 16 is possible"),
    ("HighBit", 11, "HighBit is 11, where 15 is possible"),
    ("PixelRepresentation", None, "PixelRepresentation is missing"),
    ("PixelRepresentation", 2, "PixelRepresentation is 2, where 0 or 1 is possible"),
    ("SamplesPerPixel", 3, "SamplesPerPixel is 3, where 1 is possible"),
    ("NumberOfFrames", 3, "PixelData has 192 bytes, but .* make 288"),
    ("Rows", 7, "PixelData has 192 bytes, but .* make 224"),
    ("Columns", 60_000, "Columns is 60000, where 1 to 2048 is possible"),
    ("PixelData", None, "it has no PixelData"),
]


@pytest.mark.parametrize(("keyword", "value", "why"), ODD)
@pytest.mark.parametrize("implicit", [False, True])
def test_an_element_that_is_missing_or_odd_is_named(
    tmp_path: Path, keyword: str, value: object, why: str, *, implicit: bool
) -> None:
    write(tmp_path / "a", STORED)
    if implicit:
        uncompressed(ImplicitVRLittleEndian)(tmp_path / "a")
    rewrite(tmp_path / "a", lambda ds: ds.pop(keyword) if value is None else setattr(ds, keyword, value))
    refused(tmp_path / "a", UnusablePixelsError, why)


def test_elements_without_which_values_are_known_may_be_missing(tmp_path: Path) -> None:
    write(tmp_path / "a", STORED)
    rewrite(tmp_path / "a", lambda ds: [ds.pop(keyword) for keyword in ("HighBit", "SamplesPerPixel")])
    np.testing.assert_array_equal(read(tmp_path / "a"), STORED)


@pytest.mark.parametrize("keyword", ["BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"])
def test_an_element_of_another_vr_cannot_be_read_or_says_the_same(tmp_path: Path, keyword: str) -> None:
    write(tmp_path / "a", STORED)
    rewrite(tmp_path / "a", lambda ds: ds.add_new(keyword, "IS", str(ds[keyword].value)))
    np.testing.assert_array_equal(read(tmp_path / "a"), STORED)
    rewrite(tmp_path / "a", lambda ds: ds.add_new(keyword, "LO", "twelve"))
    refused(tmp_path / "a", UnusablePixelsError, f"{keyword} cannot be read")


def set_syntax(path: Path, value: bytes | None) -> None:
    """Replace the transfer syntax element, whatever the data set is written in; None takes it out."""
    raw = path.read_bytes()
    start = raw.index(b"\x02\x00\x10\x00UI")
    end = start + 8 + int.from_bytes(raw[start + 6 : start + 8], "little")
    element = b"" if value is None else b"\x02\x00\x10\x00UI" + len(value).to_bytes(2, "little") + value
    path.write_bytes(raw[:start] + element + raw[end:])


@pytest.mark.parametrize(
    ("syntax", "named"),
    [
        ("1.2.3.4", r"transfer syntax 1\.2\.3\.4, of no known name, is not supported"),
        ("1.2.840.113619.5.2", r"transfer syntax 1\.2\.840\.113619\.5\.2, of no known name"),
        ("1.2.840.10008.1.2.4.102", r"transfer syntax MPEG-4 AVC/H\.264 High Profile / Level 4\.1 \(1\.2\.840"),
        ("Doe^Jane", r"transfer syntax \(no valid UID\) is not supported"),
        ("1.2.840.10008.1.2.1.98", "transfer syntax Encapsulated Uncompressed Explicit VR Little Endian"),
    ],
)
def test_a_transfer_syntax_that_is_not_supported_is_named(tmp_path: Path, syntax: str, named: str) -> None:
    write(tmp_path / "a", STORED)
    set_syntax(tmp_path / "a", syntax.encode().ljust(24, b"\0"))
    refused(tmp_path / "a", UnusablePixelsError, named)


@pytest.mark.parametrize("encoding", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("absent", [b"", b"\0\0", None])
def test_an_empty_transfer_syntax_is_an_absent_one(tmp_path: Path, encoding: str, absent: bytes | None) -> None:
    write(tmp_path / "a", STORED)
    uncompressed(encoding)(tmp_path / "a")
    set_syntax(tmp_path / "a", absent)
    np.testing.assert_array_equal(read(tmp_path / "a"), STORED)


@pytest.mark.parametrize("keyword", ["FloatPixelData", "DoubleFloatPixelData"])
def test_pixels_that_are_floats_are_named(tmp_path: Path, keyword: str) -> None:
    write(tmp_path / "a", STORED)

    def edit(ds: Dataset) -> None:
        del ds.PixelData
        setattr(ds, keyword, bytes(192))

    rewrite(tmp_path / "a", edit)
    refused(tmp_path / "a", UnusablePixelsError, f"stored as {keyword}, which is not supported")


@pytest.mark.parametrize("cut", [1, 50])
def test_a_truncated_file_is_called_so_when_its_header_is_read(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "a", STORED)
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-cut])
    refused(tmp_path / "a", TruncatedFileError, f"truncated: the last {cut} bytes of PixelData are missing")


LOSSY_CODE = Dataset()
LOSSY_CODE.CodeValue, LOSSY_CODE.CodingSchemeDesignator, LOSSY_CODE.CodeMeaning = "113040", "DCM", "Lossy Compression"
LOSS: list[tuple[dict[str, object], str]] = [
    ({"LossyImageCompression": "01"}, "LossyImageCompression is 01"),
    ({"LossyImageCompression": "1"}, "LossyImageCompression is 1"),
    ({"LossyImageCompression": "YES"}, "LossyImageCompression is YES"),
    ({"LossyImageCompression": ["01", "01"]}, "LossyImageCompression is 01.01"),
    ({"LossyImageCompression": ["00", "01"]}, "LossyImageCompression is 00.01"),
    ({"LossyImageCompression": "DOE JANE"}, "LossyImageCompression is odd"),
    (
        {"DerivationDescription": "Lossy compression with JPEG, ratio 10:1"},
        "the derivation of the images was lossy compression",
    ),
    ({"DerivationCodeSequence": [LOSSY_CODE]}, "the derivation of the images was lossy compression"),
    ({"LossyImageCompressionRatio": [8.5, 1.0]}, "LossyImageCompressionRatio is 8.5"),
    ({"LossyImageCompressionMethod": "ISO_10918_1"}, "LossyImageCompressionMethod is filled"),
    (
        {"LossyImageCompression": "00", "LossyImageCompressionRatio": 8},
        "LossyImageCompressionRatio is 8.0, although LossyImageCompression is 00",
    ),
    ({"LossyImageCompression": "00", "LossyImageCompressionMethod": "ISO_15444_1"}, "is filled, although .* is 00"),
]


@pytest.mark.parametrize(("elements", "why"), LOSS)
def test_any_sign_of_loss_counts_and_is_named(tmp_path: Path, elements: dict[str, object], why: str) -> None:
    write(tmp_path / "a", STORED, **elements)
    refused(tmp_path / "a", LossyPixelsError, why)


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"LossyImageCompression": ""},
        {"LossyImageCompression": "00"},
        {"LossyImageCompression": ["00", "00"]},
        {"LossyImageCompression": "00", "LossyImageCompressionRatio": 1, "LossyImageCompressionMethod": ""},
        {"LossyImageCompressionRatio": "", "LossyImageCompressionMethod": ""},
        {"DerivationDescription": "Lossless compression", "DerivationCodeSequence": []},
        {"DerivationDescription": "no lossy compression"},
    ],
)
def test_empty_elements_and_a_ratio_of_one_are_no_loss(tmp_path: Path, elements: dict[str, object]) -> None:
    write(tmp_path / "a", STORED, **elements)
    np.testing.assert_array_equal(read(tmp_path / "a"), STORED)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda ds: ds.pop("BitsStored"), UnusablePixelsError),
        (lambda ds: setattr(ds, "LossyImageCompression", "YES"), LossyPixelsError),
    ],
)
def test_selection_refuses_what_headers_show(
    siemens: WrittenStudy, tmp_path: Path, edit: Callable[[Dataset], object], error: type[Exception]
) -> None:
    copy_files([file for series in siemens.series for file in series.files], tmp_path)
    change(tmp_path / masked_files(siemens)[1].name, edit)
    (study,) = read_studies(tmp_path).studies
    with pytest.raises(error):
        select(study, RULES)

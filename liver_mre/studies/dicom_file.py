"""Open DICOM files with or without a preamble, up to their pixels and within limits."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final, cast

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from liver_mre.studies.dicom_stream import LimitError, Metered, as_plain
from liver_mre.studies.regular_file import open_regular
from liver_mre.studies.structure import MOST_ELEMENTS, UNDEFINED_LENGTH, count_in_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pydicom import Dataset, FileDataset
    from pydicom.tag import BaseTag

    from liver_mre.studies.dicom_stream import Stream

PIXEL_DATA: Final = 0x7FE00010
PIXEL_ELEMENTS: Final = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", PIXEL_DATA: "PixelData"}
_PREAMBLE: Final = 128
_MAGIC: Final = b"DICM"
# Group 0002 or 0008, little endian, or 0008 big endian: DICOM without a preamble.
_BARE_STARTS: Final = (b"\x02\x00", b"\x08\x00", b"\x00\x08\x00")
_COMPRESSED_STARTS: Final = (  # gzip, bzip2, xz, 7z, zstd, rar, zip
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"\x28\xb5\x2f\xfd",
    b"Rar!",
    b"PK\3\4",
)
_ITEM_STARTS: Final = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
_PIXEL_VRS: Final = (b"OB", b"OW", b"OF", b"OD", b"UN")


class CompressedFileError(InvalidDicomError):
    """The file is compressed as a whole, or an archive."""


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where a file's pixels are.

    Attributes
    ----------
    tag : one of `PIXEL_ELEMENTS`
    start : position of the value
    length : length of the value in bytes; None where it is undefined, as of compressed pixels
    available : bytes of the file from `start` on; None where that is not known, as in deflated files
    """

    tag: int
    start: int
    length: int | None
    available: int | None


@dataclass(frozen=True, slots=True)
class DicomFile:
    """An open file: its elements before the pixels, and the stream that its pixels are read from."""

    dataset: FileDataset
    pixels: PixelElement | None
    stream: Stream


@dataclass(frozen=True, slots=True)
class Header:
    """A file's header.

    Attributes
    ----------
    dataset : the elements before the pixels, or those that were asked for
    transfer_syntax, storage_class : from the file meta information, "" if absent
    bare : True if the file has no preamble
    pixels : where the pixels are; None where there are none
    doubled : an element that stands in it twice, with different values; None without one, or where that is not known
    """

    dataset: Dataset
    transfer_syntax: str
    storage_class: str
    bare: bool
    pixels: PixelElement | None
    doubled: BaseTag | None = None


@contextmanager
def opened(path: str | Path, *, tags: Sequence[BaseTag] | None = None) -> Iterator[DicomFile]:
    """Open a DICOM file, with or without a preamble and file meta information, and read its elements up to the pixels.

    Parameters
    ----------
    path : the file
    tags : the elements to read; by default all

    Yields
    ------
    DicomFile
        `dataset.preamble` is None if the file has none. A transfer syntax that is missing or empty is set to the one
        in which the elements are encoded.

    Raises
    ------
    InvalidDicomError
        The file is not DICOM; `CompressedFileError` if it is compressed as a whole.
    EOFError
        The file is empty.
    LimitError
        Its header is larger, or nested deeper, than that of any image.
    OSError
        The file cannot be read, or is no regular file; `errno` says why. Damaged content can raise almost anything
        else.
    """
    with open_regular(path) as stream:
        bare = _is_bare(stream)
        plain, hidden = as_plain(stream)
        wanted = None if tags is None else list(tags)
        metered = cast("BinaryIO", Metered(plain))
        dataset = dcmread(metered, stop_before_pixels=True, specific_tags=wanted, force=bare)
        _check_sequences(dataset)
        little = dataset.original_encoding[1] is not False
        pixels = _find_pixels(plain, little=little, size=os.fstat(stream.fileno()).st_size if plain is stream else None)
        if hidden is not None:
            dataset.file_meta.TransferSyntaxUID = UID(hidden)
        elif "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _recognised(dataset)
        yield DicomFile(dataset, pixels, plain)


def open_dicom(path: str | Path, *, tags: Sequence[BaseTag] | None = None) -> FileDataset:
    """Read the elements of a DICOM file before its pixels; parameters and errors are those of `opened`."""
    with opened(path, tags=tags) as file:
        return file.dataset


def _is_bare(stream: BinaryIO) -> bool:
    """Tell whether DICOM has no preamble; raise what `opened` raises for other files."""
    head = stream.read(_PREAMBLE + len(_MAGIC))
    stream.seek(0)
    if not head:
        msg = "the file is empty"
        raise EOFError(msg)
    if head[_PREAMBLE:] == _MAGIC:
        return False
    if head.startswith(_COMPRESSED_STARTS):
        msg = "the file is compressed"
        raise CompressedFileError(msg)
    if not head.startswith(_BARE_STARTS):
        msg = "the file is not DICOM"
        raise InvalidDicomError(msg)
    return True


def _recognised(dataset: FileDataset) -> UID:
    implicit, little = dataset.original_encoding
    if little is False:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def _check_sequences(dataset: FileDataset) -> None:
    """Refuse sequences that are too long to be parsed; pydicom parses them when they are first used."""
    left = MOST_ELEMENTS
    for tag in dataset.keys():  # noqa: SIM118 - iteration over a data set parses its elements
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement) and (element.value or b"").startswith(_ITEM_STARTS):
            value = cast("bytes", element.value)
            left -= count_in_sequence(value, implicit=element.is_implicit_VR, little=element.is_little_endian)
            if left < 0:
                msg = f"its header has more than {MOST_ELEMENTS} elements"
                raise LimitError(msg)


def _find_pixels(stream: Stream, *, little: bool, size: int | None) -> PixelElement | None:
    """Read the head of the element at which reading stopped."""
    start = stream.tell()
    head = stream.read(12)
    order = "<" if little else ">"
    if len(head) < 8:  # noqa: PLR2004 - the shortest element
        return None
    group, element = Struct(f"{order}HH").unpack_from(head)
    tag = group << 16 | element
    if tag not in PIXEL_ELEMENTS:
        return None
    at = 8 if head[4:6] in _PIXEL_VRS and len(head) == 12 else 4  # noqa: PLR2004 - explicit and implicit VR
    (length,) = Struct(f"{order}L").unpack_from(head, at)
    start += at + 4
    return PixelElement(
        tag, start, None if length == UNDEFINED_LENGTH else length, None if size is None else size - start
    )

"""How the pixels of an object are stored, as its header says, and why they cannot be used if that is odd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from liver_mre.errors import InvalidInputError, LossyPixelsError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies.dicom_file import PIXEL_DATA, PIXEL_ELEMENTS
from liver_mre.studies.identifiers import is_uid
from liver_mre.studies.study import PixelFault
from liver_mre.studies.values import integer, is_filled, items, stored_integer, tag_of, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom import Dataset

    from liver_mre.studies.dicom_file import PixelElement
    from liver_mre.studies.study import Instance

NATIVE: Final = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)
COMPRESSED: Final = frozenset(
    {
        "1.2.840.10008.1.2.5",  # RLE
        *(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70)),  # JPEG; the first two are lossy
        *(f"1.2.840.10008.1.2.4.{last}" for last in (80, 81)),  # JPEG-LS
        *(f"1.2.840.10008.1.2.4.{last}" for last in (90, 91, 201, 202, 203)),  # JPEG 2000, high-throughput too
    }
)
MOST_SIDE: Final = 2048
"""Ours: rows or columns of an image that is decoded; MRE images have up to 512."""
MOST_FRAMES: Final = 5_000
"""Ours: frames of one object; an acquisition has up to a few hundred."""
_BYTE: Final = 8
_ALLOCATED: Final = (8, 16)
# Always lossy; and possibly lossy, which counts as lossy unless LossyImageCompression is 00.
_LOSSY: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.111"})
_MAYBE_LOSSY: Final = frozenset(f"1.2.840.10008.1.2.4.{last}" for last in (81, 91, 93, 112, 203))
_CODE: Final = re.compile(r"[0-9A-Z.]{1,6}")
_LOSS_KEYWORDS: Final = (
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
    *("DerivationCodeSequence", "DerivationDescription"),
)
_LOSSY_COMPRESSION: Final = ("113040", "DCM")
"""PS3.16, context group 7203."""
_SAYS_LOSSY: Final = re.compile(r"\b(?<!non-)(?<!non )(?<!not )(?<!no )(?<!without )lossy\b", re.IGNORECASE)
FORMAT_KEYWORDS: Final = (
    "NumberOfFrames",
    "SamplesPerPixel",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    *_LOSS_KEYWORDS,
)
"""The elements that this module reads."""

LOSS_TAGS: Final = frozenset(int(tag_of(keyword)) for keyword in _LOSS_KEYWORDS)
"""Of these, the elements that tell of loss."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How the pixels of an object are stored.

    Attributes
    ----------
    transfer_syntax : one of `NATIVE` or `COMPRESSED`
    padding : smallest and largest stored value that stands for "no value"; None without PixelPaddingValue
    """

    transfer_syntax: str
    frames: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    padding: tuple[int, int] | None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame that is not compressed."""
        return self.rows * self.columns * self.bits_allocated // _BYTE


class _FaultError(Exception):
    """The pixels cannot be used; `args` are those of `PixelFault`."""


def pixel_fault(header: Dataset, transfer_syntax: str, pixels: PixelElement | None) -> PixelFault | None:
    """Say why the pixels of an object cannot be used, as far as its header shows; None where it shows nothing wrong."""
    found = read_format(header, transfer_syntax, pixels)
    return found if isinstance(found, PixelFault) else None


def read_format(header: Dataset, transfer_syntax: str, pixels: PixelElement | None) -> PixelFormat | PixelFault:
    """Read how the pixels of an object are stored.

    Parameters
    ----------
    header : at least the elements of `FORMAT_KEYWORDS` that the file has
    transfer_syntax : its UID; "" where it is absent, which says that the pixels are not compressed
    pixels : where the pixels are; None where there are none
    """
    try:
        found = _format(header, transfer_syntax)
        _check_element(found, pixels)
    except _FaultError as fault:
        return PixelFault(*fault.args)
    return found


def _format(header: Dataset, transfer_syntax: str) -> PixelFormat:
    syntax = transfer_syntax or ExplicitVRLittleEndian
    if syntax not in NATIVE | COMPRESSED:
        msg = f"transfer syntax {_named(syntax)} is not supported"
        raise _FaultError(msg)
    rows, columns = (_required(header, keyword, range(1, MOST_SIDE + 1)) for keyword in ("Rows", "Columns"))
    if is_filled(header, "SamplesPerPixel"):
        _required(header, "SamplesPerPixel", (1,))
    frames = (
        _required(header, "NumberOfFrames", range(1, MOST_FRAMES + 1)) if is_filled(header, "NumberOfFrames") else 1
    )
    allocated = _required(header, "BitsAllocated", _ALLOCATED)
    stored = _required(header, "BitsStored", range(1, allocated + 1))
    if is_filled(header, "HighBit"):
        _required(header, "HighBit", (stored - 1,))
    signed = _required(header, "PixelRepresentation", (0, 1)) == 1
    return PixelFormat(syntax, frames, rows, columns, allocated, stored, signed, _padding(header, signed=signed))


def _named(syntax: str) -> str:
    """Return what a message calls a transfer syntax; foreign text could be anybody's name."""
    if not is_uid(syntax):
        return "(no valid UID)"
    name = UID(syntax).name
    return f"{name} ({syntax})" if name != syntax else f"{syntax}, of no known name,"


def _required(header: Dataset, keyword: str, allowed: range | tuple[int, ...]) -> int:
    value = integer(header, keyword)
    if value is not None and value in allowed:
        return value
    if value is None:
        state = "cannot be read" if is_filled(header, keyword) else "is missing"
        msg = f"{keyword} {state}"
    else:
        possible = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else " or ".join(map(str, allowed))
        msg = f"{keyword} is {value}, where {possible} is possible"
    raise _FaultError(msg)


def _padding(header: Dataset, *, signed: bool) -> tuple[int, int] | None:
    """Return the range of values that stand for "no value"."""
    if not is_filled(header, "PixelPaddingValue"):
        return None
    keywords = ["PixelPaddingValue"]
    keywords += ["PixelPaddingRangeLimit"] if is_filled(header, "PixelPaddingRangeLimit") else []
    values = []
    for keyword in keywords:
        value = stored_integer(header, keyword, signed=signed)
        if value is None:
            msg = f"{keyword} cannot be read"
            raise _FaultError(msg)
        values.append(value)
    return min(values), max(values)


def _check_element(found: PixelFormat, pixels: PixelElement | None) -> None:
    """Compare where the pixels are, and how long, with what the header says of them."""
    if pixels is None:
        msg = "it has no PixelData"
        raise _FaultError(msg)
    if pixels.tag != PIXEL_DATA:
        msg = f"its pixels are stored as {PIXEL_ELEMENTS[pixels.tag]}, which is not supported"
        raise _FaultError(msg)
    native = found.transfer_syntax in NATIVE
    if native and pixels.length is None:
        msg = "PixelData is written as for compressed pixels, but the transfer syntax says that they are not compressed"
        raise _FaultError(msg)
    expected = found.frames * found.frame_bytes
    if native and pixels.length not in (expected, expected + expected % 2):
        msg = (
            f"PixelData has {pixels.length} bytes, but Rows, Columns, NumberOfFrames and BitsAllocated make {expected}"
        )
        raise _FaultError(msg)
    if pixels.length is not None and pixels.available is not None and pixels.available < min(pixels.length, expected):
        missing = pixels.length - pixels.available
        msg = f"the file is truncated: the last {missing} bytes of PixelData are missing"
        raise _FaultError(msg, True)  # noqa: FBT003 - as in `PixelFault`


def evidence_of_loss(header: Dataset, transfer_syntax: str) -> str:
    """Say what shows that the pixels were compressed with loss at any time, as a clause; "" where nothing does.

    LossyImageCompression other than empty or 00 does. So do a ratio above 1, a method, and a derivation that is coded
    or described as lossy compression, which contradict 00.
    """
    said = [value for value in texts(header, "LossyImageCompression") if value]
    if any(value != "00" for value in said):
        return f"LossyImageCompression is {_quoted(said)}"
    but = ", although LossyImageCompression is 00" if said else ""
    ratios = [value for value in texts(header, "LossyImageCompressionRatio") if value]
    if any(not _is_no_ratio(value) for value in ratios):
        return f"LossyImageCompressionRatio is {_quoted(ratios)}{but}"
    if any(texts(header, "LossyImageCompressionMethod")):
        return f"LossyImageCompressionMethod is filled{but}"
    derived = [
        (text(item, "CodeValue"), text(item, "CodingSchemeDesignator"))
        for item in items(header, "DerivationCodeSequence")
    ]
    if _LOSSY_COMPRESSION in derived or any(map(_SAYS_LOSSY.search, texts(header, "DerivationDescription"))):
        return f"the derivation of the images was lossy compression{but}"
    if transfer_syntax in _LOSSY or (transfer_syntax in _MAYBE_LOSSY and not said):
        return f"the transfer syntax is {UID(transfer_syntax).name}"
    return ""


def _is_no_ratio(value: str) -> bool:
    try:
        return float(value) <= 1.0
    except ValueError:
        return False


def _quoted(values: list[str]) -> str:
    """Return values as they may stand in a message: codes and numbers; other text could be anybody's name."""
    return "\\".join(values) if all(_CODE.fullmatch(value) for value in values) else "odd"


def check_pixel_headers(images: Iterable[Instance]) -> None:
    """Refuse images whose headers say that their pixels cannot be measured.

    Raises
    ------
    LossyPixelsError
        An image was compressed with loss.
    UnusablePixelsError, TruncatedFileError
        An image is stored in a way that is not known, or its header contradicts itself.
    """
    for image in images:
        if image.loss:
            msg = f"{LossyPixelsError.default_message} Found: {image.loss}."
            raise LossyPixelsError(msg)
        if image.pixel_fault is not None:
            raise fault_error(image.sop_instance_uid, image.pixel_fault)


def fault_error(sop_instance_uid: str, fault: PixelFault) -> InvalidInputError:
    """Return the error that says why the pixels of an instance cannot be used."""
    kind = TruncatedFileError if fault.truncated else UnusablePixelsError
    return kind(
        f"The pixels of instance {sop_instance_uid} cannot be used: {fault.why}. Nothing was measured. Send the series "
        "again; if it comes the same, have the archive or the scanner write it uncompressed."
    )

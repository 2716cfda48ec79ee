"""What the compressed pixels of one frame say of themselves: size, precision, and whether they lost something."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, error
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

JPEG, JPEG_LS, JPEG_2000 = "JPEG", "JPEG-LS", "JPEG 2000"
KINDS: Final = {
    **{f"1.2.840.10008.1.2.4.{last}": JPEG for last in (57, 70)},
    **{f"1.2.840.10008.1.2.4.{last}": JPEG_LS for last in (80, 81)},
    **{f"1.2.840.10008.1.2.4.{last}": JPEG_2000 for last in (90, 91, 201, 202, 203)},
}
"""The kind of codestream that each transfer syntax says, of those that can be without loss."""
_SOI: Final = b"\xff\xd8"
_SOC: Final = b"\xff\x4f\xff\x51"
_BOX: Final = b"\0\0\0\x0cjP  "  # JPEG 2000 in a file format of its own, which some writers leave around it
_LONGEST_BOXES: Final = 4096
_LOSSLESS_FRAME, _JPEG_LS_FRAME, _SCAN, _TABLES = 0xC3, 0xF7, 0xDA, 0xC4
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {_TABLES, 0xC8, 0xCC} | {_JPEG_LS_FRAME}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without parameters
_SIZE, _CODING, _CODING_OF_ONE, _TILE, _DATA, _END = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
_REVERSIBLE: Final = 1
_MANY_COMPONENTS: Final = 257
_short: Final = Struct(">H").unpack_from
_long: Final = Struct(">L").unpack_from
_jpeg_frame: Final = Struct(">BHHB").unpack_from
_j2k_size: Final = Struct(">2x4L16xH").unpack_from


class CodestreamError(Exception):
    """The compressed pixels cannot be read, or contradict the transfer syntax; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Codestream:
    """The head of one compressed frame.

    Attributes
    ----------
    loss : what shows that values were changed, as a clause; "" where nothing does
    """

    kind: str
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    loss: str = ""


class _Segment(NamedTuple):
    marker: int
    start: int
    length: int


def read_codestream(frame: bytes) -> Codestream:
    """Read the head of a JPEG, JPEG-LS or JPEG 2000 codestream.

    Raises
    ------
    CodestreamError
        The frame is none of these, or damaged.
    """
    try:
        if frame.startswith(_SOI):
            return _jpeg(frame)
        if frame.startswith(_SOC):
            return _jpeg_2000(frame)
        if frame.startswith(_BOX) and (start := frame.find(_SOC, 0, _LONGEST_BOXES)) > 0:
            return _jpeg_2000(frame[start:])
    except (error, IndexError) as cause:
        msg = "the compressed pixels are damaged or cut off"
        raise CodestreamError(msg) from cause
    msg = "the pixels are not compressed as the transfer syntax says"
    raise CodestreamError(msg)


def _jpeg(frame: bytes) -> Codestream:
    """Read the frame header and the header of the first scan."""
    found: tuple[int, int, int, int, int] | None = None
    for segment in _jpeg_segments(frame):
        if segment.marker in _FRAMES:
            precision, rows, columns, components = _jpeg_frame(frame, segment.start)
            found = segment.marker, precision, rows, columns, components
        elif segment.marker == _SCAN and found is not None:
            marker, precision, rows, columns, components = found
            after = segment.start + 1 + 2 * frame[segment.start]
            near, _, transform = frame[after], frame[after + 1], frame[after + 2] & 0x0F
            kind = JPEG_LS if marker == _JPEG_LS_FRAME else JPEG
            loss = _jpeg_loss(marker, near if kind == JPEG_LS else 0, transform)
            return Codestream(kind, rows, columns, components, precision, loss=loss)
    raise IndexError


def _jpeg_loss(marker: int, near: int, transform: int) -> str:
    if marker not in {_LOSSLESS_FRAME, _JPEG_LS_FRAME}:
        return "the codestream is not of the lossless kind of JPEG"
    if near:
        return f"the JPEG-LS codestream allows errors of {near} (NEAR)"
    if transform:
        return f"the codestream leaves out the lowest {transform} bits (point transform)"
    return ""


def _jpeg_segments(frame: bytes) -> Iterator[_Segment]:
    """Iterate over the marker segments up to the first scan; `start` is after the length."""
    position = len(_SOI)
    while True:
        if frame[position] != 0xFF:  # noqa: PLR2004 - every marker starts like this
            raise IndexError
        marker = frame[position + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            position += 1
        elif marker in _ALONE:
            position += 2
        else:
            (length,) = _short(frame, position + 2)
            yield _Segment(marker, position + 4, length)
            position += 2 + max(2, length)


def _jpeg_2000(frame: bytes) -> Codestream:
    """Read the main header, and the coding style in the headers of all tiles."""
    size = next(_j2k_segments(frame, 2))
    right, bottom, left, top, components = _j2k_size(frame, size.start)
    depth, *steps = frame[size.start + 36 : size.start + 39]
    if steps != [1, 1]:
        msg = "the JPEG 2000 codestream is subsampled"
        raise CodestreamError(msg)
    loss = ""
    for segment in _j2k_segments(frame, 2):
        at = segment.start
        if segment.marker == _CODING:
            reversible = frame[at + 9] == _REVERSIBLE
        elif segment.marker == _CODING_OF_ONE:
            reversible = frame[at + (6 if components < _MANY_COMPONENTS else 7)] == _REVERSIBLE
        else:
            continue
        if not reversible:
            loss = "the JPEG 2000 codestream uses the irreversible wavelet"
    precision, signed = (depth & 0x7F) + 1, bool(depth & 0x80)
    return Codestream(JPEG_2000, bottom - top, right - left, components, precision, signed, loss)


def _j2k_segments(frame: bytes, position: int) -> Iterator[_Segment]:
    """Iterate over the marker segments of the main header and of the tile-part headers."""
    tile_end = 0
    while True:
        (marker,) = _short(frame, position)
        if marker == _END:
            return
        if marker == _DATA:
            if tile_end <= position:  # the last tile-part, of a length that is not stated
                return
            position = tile_end
            if position >= len(frame) - 1:
                return
            continue
        (length,) = _short(frame, position + 2)
        yield _Segment(marker, position + 4, length)
        if marker == _TILE:
            (tile_length,) = _long(frame, position + 6)
            tile_end = position + tile_length
        position += 2 + max(2, length)

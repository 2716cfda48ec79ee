"""Frames in RLE (DICOM PS3.5, annex G), decoded no further than the frame is large."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.studies.codestream import CodestreamError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.studies.pixel_format import PixelFormat

_HEADER_BYTES: Final = 64
_LITERAL_END, _NOTHING, _REPEAT_BASE = 128, 128, 257
_PADDING: Final = b"\0\x80"
_BYTE: Final = 8


def decode_rle(frame: bytes, header: PixelFormat) -> NDArray[np.integer]:
    """Decode one frame, (R, C) uint8 or uint16.

    Raises
    ------
    CodestreamError
        The frame is damaged, or its segments are not those that the header asks for.
    """
    planes = header.bits_allocated // _BYTE
    if len(frame) < _HEADER_BYTES:
        msg = "its RLE frame is cut off"
        raise CodestreamError(msg)
    count, *offsets = unpack("<16L", frame[:_HEADER_BYTES])
    if count != planes:
        msg = f"its RLE frame has {count} segments, but BitsAllocated and SamplesPerPixel ask for {planes}"
        raise CodestreamError(msg)
    starts = [*offsets[:count], len(frame)]
    if starts[0] != _HEADER_BYTES or sorted(set(starts)) != starts:
        msg = "the segments of its RLE frame overlap, or do not lie within it"
        raise CodestreamError(msg)
    size = header.rows * header.columns
    words = np.empty((size, planes), np.uint8)
    for plane in range(planes):  # the most significant byte first
        words[:, planes - 1 - plane] = _segment(frame[starts[plane] : starts[plane + 1]], size)
    return words.view(f"<u{planes}").astype(f"u{planes}").reshape(header.rows, header.columns)


def _segment(packed: bytes, size: int) -> NDArray[np.uint8]:
    """Unpack one segment, which must give exactly `size` bytes."""
    found = bytearray()
    position = 0
    while len(found) < size and position < len(packed) - 1:
        code = packed[position]
        if code < _LITERAL_END:
            found += packed[position + 1 : position + 2 + code]
            position += 2 + code
        elif code > _NOTHING:
            found += packed[position + 1 : position + 2] * (_REPEAT_BASE - code)
            position += 2
        else:
            position += 1
    # A segment ends on an even byte.
    if len(found) != size or packed[position:].strip(_PADDING) or len(packed) - position > 1:
        msg = "a segment of its RLE frame has more or fewer pixels than Rows and Columns say"
        raise CodestreamError(msg)
    return np.frombuffer(bytes(found), np.uint8)

"""The fragments of compressed pixels, and which of them are which frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from struct import Struct, unpack
from typing import TYPE_CHECKING, Final, NamedTuple

from liver_mre.studies.structure import UNDEFINED_LENGTH
from liver_mre.studies.values import raw_bytes

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.studies.dicom_file import PixelElement
    from liver_mre.studies.dicom_stream import Stream

MOST_FRAGMENTS: Final = 50_000
"""Ours: pieces of the pixels of one object; one a frame is usual."""
_ITEM: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0"
_HEAD: Final = 8
_OFFSET, _LONG_OFFSET = 4, 8  # bytes
_STARTS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")
"""How a JPEG, JPEG-LS or JPEG 2000 frame begins."""
_head: Final = Struct("<4sL").unpack


class FragmentsError(Exception):
    """The fragments are damaged or contradict the header; the message is a clause. `truncated` if the file ends."""

    def __init__(self, why: str, *, truncated: bool = False) -> None:
        super().__init__(why)
        self.truncated = truncated


class _Fragment(NamedTuple):
    """Where one fragment begins (its item, from the first one) and its value lies."""

    offset: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Fragments:
    """The fragments of an object by frame, and where the pixels end."""

    frames: tuple[tuple[_Fragment, ...], ...]
    end: int

    def read(self, stream: Stream, index: int, limit: int) -> bytes:
        """Read the compressed bytes of a frame, from 0; they may not be more than `limit`."""
        fragments = self.frames[index]
        if sum(fragment.length for fragment in fragments) > limit:
            msg = f"compressed, frame {index + 1} is larger than its pixels can be"
            raise FragmentsError(msg)
        pieces = []
        for fragment in fragments:
            stream.seek(fragment.start)
            piece = stream.read(fragment.length)
            if len(piece) < fragment.length:
                raise _cut_off()
            pieces.append(piece)
        return b"".join(pieces)


def read_fragments(stream: Stream, pixels: PixelElement, header: Dataset, frames: int) -> Fragments:
    """Find the fragments of every frame.

    Parameters
    ----------
    stream : the file
    pixels : where its pixels are
    header : its elements before the pixels
    frames : NumberOfFrames

    Raises
    ------
    FragmentsError
        The fragments are damaged, cut off, or do not make as many frames as the header says.
    """
    table, fragments, end = _read_items(stream, pixels)
    if not fragments:
        msg = "PixelData is empty"
        raise FragmentsError(msg)
    offsets = _offsets(table, header)
    by_frame = _without_table(stream, fragments, frames) if offsets is None else _by_offset(fragments, offsets, frames)
    return Fragments(by_frame, end)


def _read_items(stream: Stream, pixels: PixelElement) -> tuple[bytes, list[_Fragment], int]:
    """Read the basic offset table and find the fragments; return where they end, too."""
    position = pixels.start
    stop = None if pixels.length is None else pixels.start + pixels.length
    table: bytes | None = None
    fragments: list[_Fragment] = []
    first = 0
    while stop is None or position < stop:
        stream.seek(position)
        head = stream.read(_HEAD)
        if len(head) < _HEAD:
            raise _cut_off()
        tag, length = _head(head)
        position += _HEAD
        if tag == _SEQUENCE_END and stop is None:
            break
        if tag != _ITEM or length == UNDEFINED_LENGTH:
            msg = "its compressed pixels are damaged: bytes between the fragments are missing or too many"
            raise FragmentsError(msg)
        if pixels.available is not None and position + length > pixels.start + pixels.available:
            raise _cut_off()
        if table is None:
            if length > MOST_FRAGMENTS * _OFFSET:
                msg = "its Basic Offset Table is too long"
                raise FragmentsError(msg)
            table = stream.read(length)
            first = position + length
        else:
            fragments.append(_Fragment(position - _HEAD - first, position, length))
        position += length
        if len(fragments) > MOST_FRAGMENTS:
            msg = f"its pixels are in more than {MOST_FRAGMENTS} pieces"
            raise FragmentsError(msg)
    return table or b"", fragments, position


def _cut_off() -> FragmentsError:
    return FragmentsError("the file is truncated within its compressed pixels", truncated=True)


def _offsets(table: bytes, header: Dataset) -> list[int] | None:
    """Return where each frame begins, from the extended or the basic offset table; None if both are empty."""
    extended = raw_bytes(header, "ExtendedOffsetTable")
    if len(extended) % _LONG_OFFSET or len(table) % _OFFSET:
        msg = "its offset table is damaged"
        raise FragmentsError(msg)
    basic = list(unpack(f"<{len(table) // _OFFSET}L", table))
    long = list(unpack(f"<{len(extended) // _LONG_OFFSET}Q", extended))
    if basic and long and basic != long:
        msg = "its Basic Offset Table and its Extended Offset Table differ"
        raise FragmentsError(msg)
    return long or basic or None


def _by_offset(fragments: list[_Fragment], offsets: list[int], frames: int) -> tuple[tuple[_Fragment, ...], ...]:
    if len(offsets) != frames:
        msg = f"its offset table lists {len(offsets)} frames, but NumberOfFrames says {frames}"
        raise FragmentsError(msg)
    place = {fragment.offset: index for index, fragment in enumerate(fragments)}
    starts = [place.get(offset, -1) for offset in offsets]
    if starts[0] != 0 or any(after <= before for before, after in pairwise(starts)):
        msg = "its offset table does not point to the beginnings of its frames in their order"
        raise FragmentsError(msg)
    return _split(fragments, starts)


def _without_table(stream: Stream, fragments: list[_Fragment], frames: int) -> tuple[tuple[_Fragment, ...], ...]:
    """Split fragments into frames: one each, all for a single one, or where a codestream begins."""
    if frames == 1:
        return (tuple(fragments),)
    if len(fragments) == frames:
        return tuple((fragment,) for fragment in fragments)
    starts = []
    for index, fragment in enumerate(fragments):
        stream.seek(fragment.start)
        if stream.read(_HEAD).startswith(_STARTS):
            starts.append(index)
    if len(starts) != frames or starts[0] != 0:
        msg = f"its compressed pixels are {len(starts) or len(fragments)} frames, but NumberOfFrames says {frames}"
        raise FragmentsError(msg)
    return _split(fragments, starts)


def _split(fragments: list[_Fragment], starts: list[int]) -> tuple[tuple[_Fragment, ...], ...]:
    ends = [*starts[1:], len(fragments)]
    return tuple(tuple(fragments[start:end]) for start, end in zip(starts, ends, strict=True))

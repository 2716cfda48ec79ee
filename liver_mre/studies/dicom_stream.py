"""The bytes of one DICOM file under limits: no hostile file can take more memory or time than an image needs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, Final, Protocol

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

MOST_READS: Final = 500_000
"""Ours: pydicom reads each element of a header in two or three pieces; 1,500 frames have up to 450,000."""
MOST_HEADER_BYTES: Final = 128 * 1024**2
"""Ours: what is kept of a header; 5,000 frames of an enhanced object take about 50 MB."""
MOST_INFLATED_BYTES: Final = 256 * 1024**2
"""Ours: an inflated data set with its pixels; an acquisition has less than a tenth."""
_PREAMBLE: Final = 128
_META_START: Final = 132
_MOST_META_BYTES: Final = 1 << 16
_TRANSFER_SYNTAX: Final = b"\x02\x00\x10\x00"
_LONG_VRS: Final = frozenset({b"OB", b"OW", b"UN", b"SQ", b"UT"})
_PIECE: Final = 1 << 16
_INFLATED_PIECE: Final = 1 << 20
_element: Final = Struct("<4s2sH").unpack_from
_length: Final = Struct("<L").unpack_from


class LimitError(Exception):
    """A file goes beyond a limit that no image reaches; the message says which, as a clause."""


class Stream(Protocol):
    """What is read of a file-like object."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position."""

    def tell(self) -> int:
        """Return the position."""


class Metered:
    """A stream whose reads are counted: `LimitError` instead of too many reads or bytes."""

    def __init__(self, stream: Stream) -> None:
        self._read = stream.read
        self.seek = stream.seek
        self.tell = stream.tell
        self._reads_left = MOST_READS
        self._bytes_left = MOST_HEADER_BYTES

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes, which must be given."""
        self._reads_left -= 1
        self._bytes_left -= size
        if size < 0 or self._bytes_left < 0:
            message = f"its header is larger than {MOST_HEADER_BYTES // 1024**2} MiB"
            raise LimitError(message)
        if self._reads_left < 0:
            message = f"its header takes more than {MOST_READS} reads"
            raise LimitError(message)
        return self._read(size)


class _Positioned:
    """A stream that keeps its own position."""

    def __init__(self) -> None:
        self._position = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position, from the start or (whence 1) from here."""
        self._position = max(0, offset + (self._position if whence else 0))
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position


class Inflated(_Positioned):
    """A deflated data set behind the bytes before it, inflated only as far as it is read."""

    def __init__(self, before: bytes, deflated: Stream) -> None:
        super().__init__()
        self._bytes = bytearray(before)
        self._source = deflated
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes. Raises `zlib.error` on damage."""
        end = self._position + size
        while len(self._bytes) < end and not self._inflate.eof:
            piece = self._inflate.unconsumed_tail or self._source.read(_PIECE)
            if not piece:
                break
            self._bytes += self._inflate.decompress(piece, _INFLATED_PIECE)
            if len(self._bytes) > MOST_INFLATED_BYTES:
                message = f"it inflates to more than {MOST_INFLATED_BYTES // 1024**2} MiB"
                raise LimitError(message)
        found = bytes(self._bytes[self._position : end])
        self._position += len(found)
        return found


@dataclass(frozen=True, slots=True)
class _Meta:
    """The file meta information: where it ends, and its transfer syntax element, if any."""

    end: int
    syntax: str | None = None
    element: tuple[int, int] = (0, 0)
    value: tuple[int, int] = (0, 0)


def as_plain(stream: BinaryIO) -> tuple[Stream, str | None]:
    """Return a stream that pydicom reads in pieces, and the transfer syntax to restore where the stream hides it.

    A deflated data set is shown inflated, as explicit VR little endian. An empty transfer syntax is shown as an absent
    one, so that the encoding is recognised from the elements.
    """
    head = stream.read(_MOST_META_BYTES)
    stream.seek(0)
    meta = _read_meta(head)
    if meta is None or meta.syntax is None:
        return stream, None
    if meta.syntax == DeflatedExplicitVRLittleEndian:
        start, end = meta.value
        shown = ExplicitVRLittleEndian.encode("ascii").ljust(end - start, b"\0")
        stream.seek(meta.end)
        return Inflated(head[:start] + shown + head[end : meta.end], stream), meta.syntax
    if not meta.syntax:
        start, end = meta.element
        return _Shown(head[:start] + head[end : meta.end], stream, meta.end), None
    return stream, None


def _read_meta(head: bytes) -> _Meta | None:
    """Find the end of the file meta information and its transfer syntax; None without it, or where it is damaged."""
    if head[_PREAMBLE:_META_START] != b"DICM":
        return None
    position, found = _META_START, _Meta(0)
    while position + 12 <= len(head) and head[position : position + 2] == b"\x02\x00":
        tag, vr, length = _element(head, position)
        start = position + 8
        if vr in _LONG_VRS:
            (length,) = _length(head, start)
            start += 4
        end = start + length
        if tag == _TRANSFER_SYNTAX:
            syntax = head[start:end].decode("ascii", errors="replace").strip(" \0")
            found = _Meta(0, syntax, (position, end), (start, end))
        position = end
    return _Meta(position, found.syntax, found.element, found.value) if position <= len(head) else None


class _Shown(_Positioned):
    """A file whose first bytes are replaced by others."""

    def __init__(self, before: bytes, stream: BinaryIO, replaced: int) -> None:
        super().__init__()
        self._before = before
        self._stream = stream
        self._shift = replaced - len(before)

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""
        found = self._before[self._position : self._position + size]
        if len(found) < size:
            self._stream.seek(self._position + len(found) + self._shift)
            found += self._stream.read(size - len(found))
        self._position += len(found)
        return found

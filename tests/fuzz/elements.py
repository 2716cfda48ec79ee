"""A DICOM file as a tree of raw elements: every VR, value and length can be written, also those that DICOM forbids.

Explicit VR little endian alone, which the simulator writes. pydicom checks and converts values; mutations must not be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from struct import Struct, error
from typing import TYPE_CHECKING, Final

from pydicom.datadict import tag_for_keyword

if TYPE_CHECKING:
    from collections.abc import Iterator

START: Final = 132
PIXELS: Final = 0x7FE00010
UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONG_VRS: Final = frozenset(re.findall("..", "OBODOFOLOVOWSQSVUCUNURUTUV"))
SHORT_VRS: Final = frozenset(re.findall("..", "AEASATCSDADSDTFDFLISLOLTPNSHSLSSSTTMUIULUS"))
VRS: Final = sorted(LONG_VRS | SHORT_VRS)
NUMBER_FORMATS: Final = {
    "US": "u2",
    "SS": "i2",
    "UL": "u4",
    "SL": "i4",
    "UV": "u8",
    "SV": "i8",
    "FL": "f4",
    "FD": "f8",
}
"""Types of binary numbers, little endian."""
_header: Final = Struct("<HH2s").unpack_from
_short: Final = Struct("<H").unpack_from
_long: Final = Struct("<L").unpack_from
_item: Final = Struct("<HHL").unpack_from


class NotPlainError(Exception):
    """The file is not explicit VR little endian, or damaged, so that its elements cannot be edited."""


@dataclass(slots=True)
class Element:
    """One element; `items` for a sequence, `value` for any other. `undefined`: written without a length."""

    tag: int
    vr: str
    value: bytes = b""
    items: list[Level] | None = None
    undefined: bool = False

    def copy(self) -> Element:
        """Return a deep copy."""
        items = None if self.items is None else [item.copy() for item in self.items]
        return Element(self.tag, self.vr, self.value, items, self.undefined)


@dataclass(slots=True)
class Level:
    """A data set or an item of a sequence: elements in the order of the file."""

    elements: list[Element] = field(default_factory=list)

    def copy(self) -> Level:
        """Return a deep copy."""
        return Level([element.copy() for element in self.elements])

    def get(self, tag: int) -> Element | None:
        """Return the first element of a tag."""
        return next((element for element in self.elements if element.tag == tag), None)

    def put(self, element: Element) -> None:
        """Insert an element in the order of tags, in place of the first one of its tag."""
        for place, other in enumerate(self.elements):
            if other.tag == element.tag:
                self.elements[place] = element
                return
            if other.tag > element.tag:
                self.elements.insert(place, element)
                return
        self.elements.append(element)

    def drop(self, tag: int) -> None:
        """Remove every element of a tag."""
        self.elements = [element for element in self.elements if element.tag != tag]

    def walk(self, tag: int) -> Iterator[tuple[Level, Element]]:
        """Iterate over the elements of a tag here and in all sequences, with the level that holds each."""
        for element in list(self.elements):
            if element.tag == tag:
                yield self, element
            for item in element.items or ():
                yield from item.walk(tag)


@dataclass(slots=True)
class File:
    """A whole file: preamble, file meta information, data set, and what follows the last element."""

    preamble: bytes
    meta: Level
    dataset: Level
    rest: bytes = b""

    def copy(self) -> File:
        """Return a deep copy."""
        return File(self.preamble, self.meta.copy(), self.dataset.copy(), self.rest)


def tag(keyword: str) -> int:
    """Return the tag of a keyword, or of eight hexadecimal digits."""
    found = tag_for_keyword(keyword)
    return int(keyword, 16) if found is None else int(found)


def parse(content: bytes) -> File:
    """Parse a file; raises `NotPlainError` where its elements cannot be told."""
    try:
        return _parse(content)
    except (error, LookupError, UnicodeError, ValueError) as cause:
        raise NotPlainError from cause


def _parse(content: bytes) -> File:
    if content[START - 4 : START] != b"DICM":
        raise NotPlainError
    everything, end = _level(content, START, len(content))
    meta = [element for element in everything.elements if element.tag < 0x00080000]
    syntax = next((element.value for element in meta if element.tag == 0x00020010), b"").decode().strip(" \0")
    if syntax in {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}:
        raise NotPlainError
    return File(content[:START], Level(meta), Level(everything.elements[len(meta) :]), content[end:])


def _level(content: bytes, at: int, end: int) -> tuple[Level, int]:
    found = Level()
    while at + 8 <= end:
        group, number, code = _header(content, at)
        here = group << 16 | number
        if here == _ITEM_END:
            return found, at + 8
        vr = code.decode("ascii")
        if vr in SHORT_VRS:
            (length,) = _short(content, at + 6)
            start = at + 8
        elif vr in LONG_VRS:
            (length,) = _long(content, at + 8)
            start = at + 12
        else:
            raise NotPlainError
        if length == UNDEFINED and vr != "SQ":
            at = _after_fragments(content, start)
            found.elements.append(Element(here, vr, content[start:at], undefined=True))
            continue
        stop = None if length == UNDEFINED else start + length
        if stop is not None and stop > end:
            raise NotPlainError
        if vr == "SQ":
            items, at = _items(content, start, stop, end)
            found.elements.append(Element(here, vr, items=items, undefined=stop is None))
        else:
            found.elements.append(Element(here, vr, content[start:stop]))
            at = start + length
    return found, at


def _items(content: bytes, at: int, stop: int | None, end: int) -> tuple[list[Level], int]:
    items = []
    while stop is None or at < stop:
        group, number, length = _item(content, at)
        here = group << 16 | number
        at += 8
        if here == _SEQUENCE_END:
            return items, at
        if here != _ITEM:
            raise NotPlainError
        item, at = _level(content, at, end if length == UNDEFINED else at + length)
        items.append(item)
    return items, at


def _after_fragments(content: bytes, at: int) -> int:
    """Return where encapsulated pixels end, after their delimiter."""
    while True:
        group, number, length = _item(content, at)
        at += 8
        if group << 16 | number == _SEQUENCE_END:
            return at
        at += length


def dump(file: File) -> bytes:
    """Write a file."""
    parts = [file.preamble]
    for level in (file.meta, file.dataset):
        _dump_level(level, parts)
    return b"".join((*parts, file.rest))


def _dump_level(level: Level, parts: list[bytes]) -> None:
    for element in level.elements:
        value = element.value
        if element.items is not None:
            inner: list[bytes] = []
            for item in element.items:
                content: list[bytes] = []
                _dump_level(item, content)
                joined = b"".join(content)
                inner += [_ITEM_HEAD, len(joined).to_bytes(4, "little"), joined]
            value = b"".join(inner) + (_SEQUENCE_TAIL if element.undefined else b"")
        head = element.tag.to_bytes(4, "big")
        parts += [head[1::-1], head[3:1:-1], element.vr.encode()]
        if element.vr in LONG_VRS:
            length = UNDEFINED if element.undefined else len(value)
            parts += [b"\0\0", length.to_bytes(4, "little"), value]
        else:
            value = value[:0xFFFE]
            parts += [len(value).to_bytes(2, "little"), value]


_ITEM_HEAD: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_TAIL: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"

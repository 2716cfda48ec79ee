"""Fast reading of one file's header: a study may hold thousands of images, of which a handful is measured."""

from __future__ import annotations

import os
from struct import Struct, error
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from liver_mre.studies.dicom_file import PIXEL_ELEMENTS, Header, PixelElement, opened
from liver_mre.studies.headers import HEADER_TAGS
from liver_mre.studies.regular_file import open_regular
from liver_mre.studies.structure import ITEM, ITEM_END, LONG_VRS, SEQUENCE_END, SHORT_VRS, UNDEFINED_LENGTH
from liver_mre.studies.values import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataelem import DataElement

_MAGIC_AT: Final = 128
_START: Final = 132
_READ_BYTES: Final = 1 << 16  # ours: above the headers of classic MR images, private elements included
_WANTED: Final = frozenset({int(tag) for tag in HEADER_TAGS} | {0x00080005})
_CHARACTER_SET: Final = 0x00080005
_META_GROUP: Final = 0x0002
_UID_CHARACTERS: Final = frozenset("0123456789.")
_MEDIA_STORAGE_CLASS: Final = 0x00020002
_TRANSFER_SYNTAX: Final = 0x00020010
# Syntaxes other than explicit VR little endian.
_OTHER_SYNTAXES: Final = frozenset({ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, ""})
_element: Final = Struct("<HH2sH").unpack_from
_length: Final = Struct("<L").unpack_from
_item: Final = Struct("<HHL").unpack_from


class _NotPlainError(Exception):
    """The file's encoding is left to pydicom."""


def read_header(path: str) -> Header:
    """Read a file's header, without its pixels.

    The most common encoding is read here, in a quarter of pydicom's time; other encodings and damaged files are left to
    pydicom. Errors are those of `opened`.
    """
    try:
        return _plain(path)
    except (_NotPlainError, error, LookupError, UnicodeError, RecursionError):
        return _by_pydicom(path)


def _by_pydicom(path: str) -> Header:
    with opened(path, tags=HEADER_TAGS) as file:
        meta, bare = file.dataset.file_meta, file.dataset.preamble is None
        syntax, storage_class = text(meta, "TransferSyntaxUID"), text(meta, "MediaStorageSOPClassUID")
        return Header(file.dataset, syntax, storage_class, bare, file.pixels, _doubled(path))


def _doubled(path: str) -> BaseTag | None:
    """Return an element that stands twice in a file of the most common encoding, with different values."""
    found: dict[int, bytes] = {}
    doubled = None
    try:
        head, _ = _head(path)
        for tag, _, start, length in _elements(head, _START):
            value = head[start : start + length]
            if tag in _WANTED and found.setdefault(tag, value) != value:
                doubled, found[tag] = BaseTag(tag), value
    except (_NotPlainError, error, LookupError, RecursionError):
        return doubled
    return doubled


def _head(path: str) -> tuple[bytes, int]:
    """Return the start of a DICOM file, and the file's size."""
    with open_regular(path) as stream:
        head = stream.read(_READ_BYTES)
        size = os.fstat(stream.fileno()).st_size
    if head[_MAGIC_AT:_START] != b"DICM":
        raise _NotPlainError
    return head, size


def _plain(path: str) -> Header:
    head, size = _head(path)
    meta: dict[int, str] = {}
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    pixels = doubled = None
    for tag, vr, start, length in _elements(head, _START):
        if tag >= 0x00080000:  # noqa: PLR2004 - after the file meta information
            if not elements and meta.get(_TRANSFER_SYNTAX, "") in _OTHER_SYNTAXES:
                raise _NotPlainError
            if tag in _WANTED:
                value = head[start : start + length]
                key = BaseTag(tag)
                if key in elements and (elements[key].value or b"") != value:
                    doubled = key
                elements[key] = RawDataElement(key, vr, length, value or None, start, False, True)  # noqa: FBT003
            elif tag in PIXEL_ELEMENTS:
                pixels = PixelElement(tag, start, None if length == UNDEFINED_LENGTH else length, size - start)
        elif tag >> 16 != _META_GROUP:
            raise _NotPlainError
        elif tag in {_TRANSFER_SYNTAX, _MEDIA_STORAGE_CLASS}:
            meta[tag] = _uid(head[start : start + length])
    if not elements:
        raise _NotPlainError
    dataset = Dataset(elements)
    dataset.set_original_encoding(False, True, _encodings(elements))  # noqa: FBT003 - implicit VR, little endian
    return Header(
        dataset,
        meta.get(_TRANSFER_SYNTAX, ""),
        meta.get(_MEDIA_STORAGE_CLASS, ""),
        bare=False,
        pixels=pixels,
        doubled=doubled,
    )


def _uid(value: bytes) -> str:
    uid = value.decode("ascii").strip(" \0")
    if not _UID_CHARACTERS.issuperset(uid):
        raise _NotPlainError
    return uid


def _encodings(elements: dict[BaseTag, DataElement | RawDataElement]) -> list[str] | str:
    """Return the Python names of the character sets."""
    element = elements.get(BaseTag(_CHARACTER_SET))
    if element is None or element.value is None:
        return "iso8859"
    return convert_encodings(element.value.decode("ascii").strip(" \0").split("\\"))


def _elements(head: bytes, position: int) -> Iterator[tuple[int, str, int, int]]:
    """Iterate over explicit VR little endian elements, the pixels last: tag, VR, start and length of the value."""
    size = len(head)
    while True:
        group, element, code, length = _element(head, position)
        tag = group << 16 | element
        vr = SHORT_VRS.get(code)
        start = position + 8
        if vr is None:
            vr = LONG_VRS[code]
            (length,) = _length(head, start)
            start += 4
            if tag in PIXEL_ELEMENTS:
                yield tag, vr, start, length
                return
            if length == UNDEFINED_LENGTH:
                if tag in _WANTED or vr != "SQ":
                    raise _NotPlainError
                position = _after_sequence(head, start)
                continue
        position = start + length
        if position > size:
            raise _NotPlainError
        yield tag, vr, start, length


def _after_sequence(head: bytes, position: int) -> int:
    """Return where a sequence of undefined length ends."""
    while True:
        group, element, length = _item(head, position)
        tag = group << 16 | element
        position += 8
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise _NotPlainError
        position = _after_item(head, position) if length == UNDEFINED_LENGTH else position + length


def _after_item(head: bytes, position: int) -> int:
    """Return where an item of undefined length ends."""
    while True:
        group, element, code, length = _element(head, position)
        if group << 16 | element == ITEM_END:
            return position + 8
        position += 8
        if code not in SHORT_VRS:
            vr = LONG_VRS[code]
            (length,) = _length(head, position)
            position += 4
            if length == UNDEFINED_LENGTH:
                if vr != "SQ":
                    raise _NotPlainError
                position = _after_sequence(head, position)
                continue
        position += length

"""Fast reading of one file's header: a study may hold thousands of images, of which a handful is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from struct import Struct, error
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from liver_mre.studies.files import open_dicom
from liver_mre.studies.headers import HEADER_TAGS
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
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED: Final = 0xFFFFFFFF
# Syntaxes other than explicit VR little endian.
_OTHER_SYNTAXES: Final = frozenset({ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, ""})
_SHORT: Final = {vr.encode(): vr for vr in re.findall("..", "AEASATCSDADSDTFDFLISLOLTPNSHSLSSSTTMUIULUS")}
_LONG: Final = {vr.encode(): vr for vr in re.findall("..", "OBODOFOLOVOWSQSVUCUNURUTUV")}
_element: Final = Struct("<HH2sH").unpack_from
_length: Final = Struct("<L").unpack_from
_item: Final = Struct("<HHL").unpack_from


@dataclass(frozen=True, slots=True)
class Header:
    """A file's header.

    Attributes
    ----------
    dataset : the elements of `HEADER_TAGS` that are present
    transfer_syntax, storage_class : from the file meta information, "" if absent
    bare : True if the file has no preamble
    """

    dataset: Dataset
    transfer_syntax: str
    storage_class: str
    bare: bool


class _NotPlainError(Exception):
    """The file's encoding is left to pydicom."""


def read_header(path: str) -> Header:
    """Read a file's header, without its pixels.

    The most common encoding is read here, in a quarter of pydicom's time; other encodings and damaged files are left to
    pydicom. Errors are those of `open_dicom`.
    """
    try:
        return _plain(path)
    except (_NotPlainError, error, LookupError, UnicodeError):
        dataset = open_dicom(path, stop_before_pixels=True, tags=HEADER_TAGS)
        meta = dataset.file_meta
        bare = dataset.preamble is None
        return Header(dataset, text(meta, "TransferSyntaxUID"), text(meta, "MediaStorageSOPClassUID"), bare)


def _plain(path: str) -> Header:
    with open(path, "rb") as stream:  # noqa: PTH123 - half the cost of Path.open, for thousands of files
        head = stream.read(_READ_BYTES)
    if head[_MAGIC_AT:_START] != b"DICM":
        raise _NotPlainError
    meta: dict[int, str] = {}
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    for tag, vr, start, length in _elements(head, _START):
        if tag >= 0x00080000:  # noqa: PLR2004 - after the file meta information
            if not elements and meta.get(_TRANSFER_SYNTAX, "") in _OTHER_SYNTAXES:
                raise _NotPlainError
            if tag in _WANTED:
                value = head[start : start + length]
                key = BaseTag(tag)
                elements[key] = RawDataElement(key, vr, length, value or None, start, False, True)  # noqa: FBT003
        elif tag >> 16 != _META_GROUP:
            raise _NotPlainError
        elif tag in {_TRANSFER_SYNTAX, _MEDIA_STORAGE_CLASS}:
            meta[tag] = head[start : start + length].decode("ascii").strip(" \0")
            if not _UID_CHARACTERS.issuperset(meta[tag]):
                raise _NotPlainError
    if not elements:
        raise _NotPlainError
    dataset = Dataset(elements)
    dataset.set_original_encoding(False, True, _encodings(elements))  # noqa: FBT003 - implicit VR, little endian
    return Header(dataset, meta.get(_TRANSFER_SYNTAX, ""), meta.get(_MEDIA_STORAGE_CLASS, ""), bare=False)


def _encodings(elements: dict[BaseTag, DataElement | RawDataElement]) -> list[str] | str:
    """Return the Python names of the character sets."""
    element = elements.get(BaseTag(_CHARACTER_SET))
    if element is None or element.value is None:
        return "iso8859"
    return convert_encodings(element.value.decode("ascii").strip(" \0").split("\\"))


def _elements(head: bytes, position: int) -> Iterator[tuple[int, str, int, int]]:
    """Iterate over explicit VR little endian elements up to the pixels: tag, VR, start and length of the value."""
    size = len(head)
    while True:
        group, element, code, length = _element(head, position)
        tag = group << 16 | element
        if tag in _PIXELS:
            return
        vr = _SHORT.get(code)
        start = position + 8
        if vr is None:
            vr = _LONG[code]
            (length,) = _length(head, start)
            start += 4
            if length == _UNDEFINED:
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
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise _NotPlainError
        position = _after_item(head, position) if length == _UNDEFINED else position + length


def _after_item(head: bytes, position: int) -> int:
    """Return where an item of undefined length ends."""
    while True:
        group, element, code, length = _element(head, position)
        if group << 16 | element == _ITEM_END:
            return position + 8
        position += 8
        if code not in _SHORT:
            vr = _LONG[code]
            (length,) = _length(head, position)
            position += 4
            if length == _UNDEFINED:
                if vr != "SQ":
                    raise _NotPlainError
                position = _after_sequence(head, position)
                continue
        position += length

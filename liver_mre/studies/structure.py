"""The nesting of DICOM elements, followed without recursion and without reading values."""

from __future__ import annotations

import re
from struct import Struct
from typing import Final, NamedTuple

from pydicom.datadict import dictionary_VR

from liver_mre.studies.dicom_stream import LimitError

MOST_ELEMENTS: Final = 600_000
"""Ours: elements of one header, nested ones and items included; 5,000 frames have about 500,000."""
MOST_DEPTH: Final = 64
"""Ours: sequences within sequences; images have up to 6, content trees of reports up to 20."""
UNDEFINED_LENGTH: Final = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SHORT_VRS: Final = {vr.encode(): vr for vr in re.findall("..", "AEASATCSDADSDTFDFLISLOLTPNSHSLSSSTTMUIULUS")}
LONG_VRS: Final = {vr.encode(): vr for vr in re.findall("..", "OBODOFOLOVOWSQSVUCUNURUTUV")}
"""Names of VRs by their bytes: with a length of two bytes, and of four (DICOM PS3.5, 7.1.2)."""
_LETTERS: Final = (b"AA", b"ZZ")
_SMALLEST: Final = 8
"""Bytes of the shortest element."""


class UnparsableError(Exception):
    """The bytes are no DICOM elements from some place on."""


class _Open(NamedTuple):
    """A sequence, or a data set in one, that has not ended; `end` is None where its length is undefined."""

    is_sequence: bool
    end: int | None
    implicit: bool


class _Walk:
    """A walk through encoded elements; see `check_nesting` and `check_elements`."""

    def __init__(self, data: bytes, *, implicit: bool, little: bool) -> None:
        order = "<" if little else ">"
        self._data = data
        self._tag = Struct(f"{order}HH").unpack_from
        self._short = Struct(f"{order}H").unpack_from
        self._long = Struct(f"{order}L").unpack_from
        self._implicit = implicit
        self.count = 0
        self.position = 0
        self._open: list[_Open] = []
        self._last_tag = -1

    def sequence(self) -> None:
        """Walk through the value of a sequence."""
        self._open.append(_Open(is_sequence=True, end=len(self._data), implicit=self._implicit))
        self._run()

    def elements(self, after: int) -> None:
        """Walk through elements of the top level whose tags ascend, all above `after`."""
        self._last_tag = after
        self._open.append(_Open(is_sequence=False, end=len(self._data), implicit=self._implicit))
        self._run()

    def _run(self) -> None:
        while self._open:
            top = self._open[-1]
            if top.end is not None and self.position >= top.end:
                if self.position > len(self._data):
                    raise UnparsableError
                self._open.pop()
            elif self.position + _SMALLEST > len(self._data):
                raise UnparsableError
            elif top.is_sequence:
                self._item(top)
            else:
                self._element(top)
            if self.count > MOST_ELEMENTS:
                message = f"its header has more than {MOST_ELEMENTS} elements"
                raise LimitError(message)
            if len(self._open) > 2 * MOST_DEPTH:
                message = f"sequences in it are nested more than {MOST_DEPTH} deep"
                raise LimitError(message)

    def _item(self, top: _Open) -> None:
        tag, (length,) = self._read_tag(), self._long(self._data, self.position + 4)
        self.position += _SMALLEST
        if tag == SEQUENCE_END:
            self._open.pop()
        elif tag == ITEM:
            self.count += 1
            # An item may be in implicit VR where its data set is not.
            vr = self._data[self.position + 4 : self.position + 6]
            implicit = top.implicit or not _LETTERS[0] <= vr <= _LETTERS[1]
            end = None if length == UNDEFINED_LENGTH else self.position + length
            self._open.append(_Open(is_sequence=False, end=end, implicit=implicit))
        else:
            raise UnparsableError

    def _element(self, top: _Open) -> None:
        tag = self._read_tag()
        if tag == ITEM_END:
            self._open.pop()
            self.position += _SMALLEST
            return
        if len(self._open) == 1:
            if tag <= self._last_tag:
                raise UnparsableError
            self._last_tag = tag
        self.count += 1
        vr = b"" if top.implicit else self._data[self.position + 4 : self.position + 6]
        length = self._read_length(vr)
        if vr == b"SQ" or length == UNDEFINED_LENGTH or (vr in {b"", b"UN"} and _is_sequence(tag)):
            end = None if length == UNDEFINED_LENGTH else self.position + length
            implicit = top.implicit or vr == b"UN"
            self._open.append(_Open(is_sequence=True, end=end, implicit=implicit))
        else:
            self.position += length

    def _read_tag(self) -> int:
        group, element = self._tag(self._data, self.position)
        return int(group) << 16 | int(element)

    def _read_length(self, vr: bytes) -> int:
        """Read an element's length and move to its value."""
        if vr in LONG_VRS:
            self.position += _SMALLEST + 4
            if self.position > len(self._data):
                raise UnparsableError
            return int(self._long(self._data, self.position - 4)[0])
        if vr and vr not in SHORT_VRS:
            raise UnparsableError
        self.position += _SMALLEST
        return int(
            self._short(self._data, self.position - 2)[0] if vr else self._long(self._data, self.position - 4)[0]
        )


def _is_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False


def count_in_sequence(value: bytes, *, implicit: bool, little: bool) -> int:
    """Return how many elements and items an encoded sequence holds at most.

    Raises
    ------
    LimitError
        They are more than an image has, or nested too deep to be read.
    """
    walk = _Walk(value, implicit=implicit, little=little)
    try:
        walk.sequence()
    except UnparsableError:
        # pydicom may read on in its own way, but no element is shorter than eight bytes.
        walk.count += max(0, len(value) - walk.position) // _SMALLEST
        if walk.count > MOST_ELEMENTS:
            message = "a damaged sequence of its header is too long to be read"
            raise LimitError(message) from None
    return walk.count


def check_elements(data: bytes, *, implicit: bool, little: bool, after: int) -> None:
    """Check that bytes are whole elements in ascending order, all with tags above `after`.

    Raises
    ------
    UnparsableError
        They are not.
    LimitError
        They are too many, or nested too deep.
    """
    _Walk(data, implicit=implicit, little=little).elements(after)

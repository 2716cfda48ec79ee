"""Values of header elements; damaged or missing ones become None or empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

if TYPE_CHECKING:
    from pydicom import Dataset

_TEXT_VRS: Final = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"})
_US_BYTES: Final = 2
_ESCAPE: Final = b"\x1b"  # starts a change of character set
_CLOCK_DIGITS: Final = (2, 4, 6)  # HH, HHMM, HHMMSS
_HOURS: Final = 24
_MINUTES: Final = 60
_tags: Final[dict[str, BaseTag]] = {}


def tag_of(keyword: str) -> BaseTag:
    """Return the tag of a keyword; cached, because the look-up takes longer than reading a value."""
    if keyword not in _tags:
        _tags[keyword] = Tag(keyword)
    return _tags[keyword]


def text(header: Dataset, tag: str | BaseTag) -> str:
    """Return an element's value as stripped text; "" where it is absent or unreadable."""
    value = _value(header, tag)
    if isinstance(value, bytes):  # private elements of implicit VR files have no known VR
        value = value.decode("ascii", errors="replace")
    return "" if value is None else str(value).strip(" \0")


def texts(header: Dataset, tag: str) -> tuple[str, ...]:
    """Return an element's values as stripped texts; none where it is absent or unreadable."""
    return tuple(str(value).strip() for value in _values(header, tag))


def integer(header: Dataset, tag: str) -> int | None:
    """Return an element's value as a whole number; None where it is absent or unreadable."""
    value = number(header, tag)
    return None if value is None else int(value)


def number(header: Dataset, tag: str) -> float | None:
    """Return an element's value as a finite number; None where it is absent, unreadable or one of several."""
    found = numbers(header, tag, 1)
    return None if found is None else found[0]


def first_number(header: Dataset, tag: str) -> float | None:
    """Return the first of an element's values as a finite number; None where it is absent or unreadable."""
    found = _values(header, tag)[:1]
    return _finite(found[0]) if found else None


def numbers(header: Dataset, tag: str | BaseTag, count: int) -> tuple[float, ...] | None:
    """Return an element's values as finite numbers; None where they are not exactly `count`, or unreadable."""
    found = tuple(_finite(value) for value in _values(header, tag))
    return None if len(found) != count or None in found else cast("tuple[float, ...]", found)


def stored_integer(header: Dataset, tag: str, *, signed: bool) -> int | None:
    """Return an element's value as 16 bits like those of the pixels, whatever its VR; None where it is unreadable."""
    value = _value(header, tag)
    found = int.from_bytes(value, "little") if isinstance(value, bytes) and len(value) == _US_BYTES else None
    if found is not None:
        raw = header.get_item(tag_of(tag))
        little = raw.is_little_endian if isinstance(raw, RawDataElement) else header.original_encoding[1] is not False
        found = int.from_bytes(cast("bytes", value), "little" if little else "big")
    else:
        found = integer(header, tag)
    if found is None or not -(1 << 15) <= found < 1 << 16:
        return None
    return (found + (1 << 15)) % (1 << 16) - (1 << 15) if signed else found % (1 << 16)


def raw_bytes(header: Dataset, tag: str) -> bytes:
    """Return an element's value as bytes; none where it is absent or of another type."""
    value = _value(header, tag)
    return value if isinstance(value, bytes) else b""


def items(header: Dataset, tag: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence; none where it is absent or unreadable."""
    value = _value(header, tag)
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def time_of_day_s(time: str) -> float | None:
    """Return a DICOM time (HHMMSS.FFFFFF or shorter) in seconds from midnight; None if unreadable.

    An offset from UTC is ignored: it is that of the scanner's clock, the same for all images of an acquisition.
    """
    clock, _, fraction = time.partition("+")[0].partition("-")[0].replace(":", "").partition(".")
    if not (len(clock) in _CLOCK_DIGITS and f"{clock}{fraction}".isdecimal()):
        return None
    hours, minutes, whole = (int(clock[at : at + 2] or 0) for at in (0, 2, 4))
    if hours >= _HOURS or minutes >= _MINUTES or whole > _MINUTES:  # 60: a leap second
        return None
    return (hours * _MINUTES + minutes) * _MINUTES + whole + float(f"0.{fraction or 0}")


@lru_cache(maxsize=64)
def day_number(date: str) -> int | None:
    """Return the number of the day of a DICOM date (YYYYMMDD, or YYYY.MM.DD); None if it is absent or invalid."""
    try:
        return datetime.strptime(date.replace(".", ""), "%Y%m%d").toordinal()  # noqa: DTZ007 - of the scanner's clock
    except ValueError:
        return None


def is_filled(header: Dataset, tag: str) -> bool:
    """Tell whether an element is present and not empty, readable or not."""
    element = header.get_item(tag_of(tag))
    if element is None:
        return False
    value = element.value
    if isinstance(value, bytes):
        return bool(value.strip(b" "))
    return bool(len(value)) if isinstance(value, Sequence) else value is not None and bool(str(value).strip())


def _value(header: Dataset, tag: str | BaseTag) -> object:
    """Return a value, text with its backslashes; None if it is absent or unreadable."""
    try:
        raw = header.get_item(tag_of(tag) if isinstance(tag, str) else tag)
        plain = _plain(raw) if isinstance(raw, RawDataElement) else None
        return cast("object", header[tag].value) if raw is not None and plain is None else plain
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged values; what is lost is None
        return None


def _plain(raw: RawDataElement) -> str | int | None:
    """Convert simple values without pydicom's slow checks; None for all others."""
    if raw.value is None:
        return None
    if raw.VR == "US" and len(raw.value) == _US_BYTES:
        return int.from_bytes(raw.value, "little" if raw.is_little_endian else "big")
    if raw.VR in _TEXT_VRS and raw.value.isascii() and _ESCAPE not in raw.value:
        return raw.value.decode("ascii")
    return None


def _values(header: Dataset, tag: str | BaseTag) -> tuple[object, ...]:
    value = _value(header, tag)
    if isinstance(value, bytes):  # text under a VR of bytes; binary numbers become unreadable
        value = value.decode("ascii", errors="replace")
    if isinstance(value, str):
        return tuple(part.strip(" \0") for part in value.split("\\")) if value.strip(" \0") else ()
    if isinstance(value, Sequence):
        return tuple(value)
    return () if value is None else (value,)


def _finite(value: object) -> float | None:
    try:
        found = float(cast("float", value))
    except (ValueError, TypeError, OverflowError):
        return None
    return found if math.isfinite(found) else None

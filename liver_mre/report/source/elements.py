"""Values of elements whatever VR they were given: bytes of text, and items of sequences."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from pydicom import Dataset, Sequence
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

if TYPE_CHECKING:
    from pydicom.tag import BaseTag

_TEXT_VRS: Final = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
_BYTE_VRS: Final = frozenset({"OB", "OW", "UN"})  # what is not known to be text may still be
_NUMBER_CODES: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_PADDING: Final = b" \0"


def text_of(header: Dataset, tag: BaseTag) -> bytes | None:
    r"""Return a value as text, without padding; several values are separated by "\".

    Binary numbers become decimal ones.

    Returns
    -------
    b"" if the element is absent or empty; None if it is neither text nor numbers
    """
    element = header.get_item(tag)
    if element is None or not element.value:
        return b""
    if not isinstance(element, RawDataElement):
        return _converted(element.value)
    if not isinstance(element.value, bytes):
        return None
    if element.VR is None or element.VR in _TEXT_VRS or element.VR in _BYTE_VRS:
        return element.value.strip(_PADDING)
    return _numbers(element)


def items_of(header: Dataset, tag: BaseTag) -> tuple[Dataset, ...] | None:
    """Return the items of a sequence; none if it is absent or empty, None if the element is no sequence."""
    element = header.get_item(tag)
    if element is None or not element.value:
        return ()
    try:
        value = header[tag].value
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged sequences
        return None
    return tuple(value) if isinstance(value, Sequence) else None


def raw_element(tag: BaseTag, vr: str, value: bytes) -> RawDataElement:
    """Return an element of explicit VR, little endian, that is written as these bytes, padded to even length."""
    even = value + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return RawDataElement(tag, vr, len(even), even, 0, False, True)  # noqa: FBT003


def _converted(value: object) -> bytes | None:
    """Return a value that pydicom has converted, as it does with character sets."""
    values = value if isinstance(value, MultiValue) else [value]
    if not all(isinstance(one, str) for one in values):
        return None
    return "\\".join(str(one) for one in values).encode().strip(_PADDING)


def _numbers(element: RawDataElement) -> bytes | None:
    code = _NUMBER_CODES.get(element.VR or "")
    value = element.value or b""
    if code is None or len(value) % struct.calcsize(f"<{code}"):
        return None
    order = "<" if element.is_little_endian else ">"
    numbers = struct.unpack(f"{order}{len(value) // struct.calcsize(f'<{code}')}{code}", value)
    return "\\".join(f"{number:.10g}" if code in "fd" else str(number) for number in numbers).encode()

"""Odd elements: any VR, with bytes that do not belong there."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import VR

from liver_mre.report.source.elements import raw_element

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from pydicom.dataelem import RawDataElement

CANARY: Final = "SESAME"
VRS: Final = tuple(vr.value for vr in VR if len(vr.value) == 2)
_PRIVATE: Final = (0x00110010, 0x00111001, 0x00130011, 0x00291134)
_DEEPEST: Final = 3
_WORDS: Final = (
    *(b"", b" ", b"\0\0", b"\\", b"A\\B ", b"\\\\A ", b"A\\", b"nan ", b"inf ", b"-inf", b"1e400 ", b"-0"),
    *(b"1" + b"0" * 401, b"1,5 ", b"0x10", b"1_0 ", b"+5", b"5.", b"5.0e-300", b"0.123456789012345678"),
    *(b"a\tb\r\nc ", b"\x07", b"\x1b", b"\x1b[31mred", b"\x1b$B;3ED\x1b(B", b"\x1b$B;", b"\x1b)Zab", b"A\x7fB "),
    *(b"\xff\xfe\x80\x81", b"M\xfcller", "Müller^Jürgen".encode(), "山田^太郎".encode("gb18030"), b"\x80\x9f"),
    *(b"A" * 16, b"A" * 17, b"A" * 64, b"A" * 65, b"A" * 1025, b"A" * 10241, b"A" * 70000),
    *(b"20240230", b"1970.02.03", b"2024-01-15", b"20240115101500", b"00000000", b"10:20:30", b"246060", b"235960"),
    *(b"=", b"^^^^^^", b"====", b"^" * 70, b"A=B=C=D ", b"A^B^C^D^E^F ", b"=" + b"B" * 70, b"m "),
    *(b"YES ", b"NO", b"yes "),
    *(b"1.2.03", b"1..2", b"1." * 40, b"0 ", b"1.2.3\0", b"1.2.840.10008.5.1.4.1.1.4", b"1.2.840.113619.4.27 "),
    *(b"ISO_IR 100", b"ISO_IR 192", b"ISO_IR 999", b"\\ISO 2022 IR 87 ", b"\\ISO 2022 IR 58\\ISO 2022 IR 149"),
    *(b"GB18030 ", b"+0100 ", b"+9999 ", b"../../x ", b"[link=x]", b"%s%n{0}", b"SIMULATED DATA"),
)
_NUMBERS: Final = (
    *(b"\0", b"\0\1", b"\0\0\1", b"\0\0\0\1", b"\xff" * 8, b"\0" * 12, b"\xff" * 16, b"\x7f" * 7),
    *(struct.pack("<d", value) for value in (float("nan"), float("inf"), 1e300, -1e-300, 3.125, 0.0, -5.0)),
    *(struct.pack("<f", value) for value in (float("nan"), float("inf"), 3.125)),
    *(struct.pack("<2d", 3.125, 3.125), struct.pack("<3d", 0, 0, 11), struct.pack("<6d", 1, 0, 0, 0, 1, 0)),
)
_GEOMETRY: Final = (
    *(b"3.125\\3.125 ", b"0\\0 ", b"-1\\-1 ", b"1e300\\1e300 ", b"1e-300\\1e-300", b"3.125", b"3.125\\3.125\\3.125 "),
    *(b"-200.0\\-159.375\\0.0 ", b"1e300\\0\\0 ", b"0\\0\\1e400 ", b"nan\\0\\0 ", b"0\\0\\0\\0 ", b"1\\2\\3 ", b"5.0 "),
    *(b"1\\0\\0\\0\\1\\0 ", b"0\\0\\0\\0\\0\\0 ", b"1\\0\\0\\1\\0\\0 ", b"2\\0\\0\\0\\2\\0 ", b"1\\0\\0\\0\\1\\1e300 "),
    *(b"1e9 ", b"-3.3333333333333335\\1.2345678901234567e-7\\99999.9999999999", b"0.99999\\1e-17\\0\\0\\0.99999\\0 "),
)


def odd_element(random: Random, keyword: str, *, depth: int = 0) -> RawDataElement | DataElement:
    """Return the element of a keyword with a random VR and value; half of them have the VR of the dictionary."""
    tag = Tag(keyword)
    vr = dictionary_VR(tag) if random.random() < 0.5 else random.choice(VRS)
    if vr == "SQ" and random.random() < 0.8:
        return DataElement(tag, "SQ", [_item(random, depth) for _ in range(random.randrange(3))])
    return raw_element(tag, vr, _value(random, vr))


def private_element(random: Random) -> RawDataElement:
    """Return a private creator or a private element, which may have no creator."""
    value = random.choice((_value(random, "LO"), CANARY.encode()))
    return raw_element(BaseTag(random.choice(_PRIVATE)), random.choice(VRS), value)


def canary(random: Random, keywords: Sequence[str]) -> RawDataElement:
    """Return an element that no result may carry."""
    return raw_element(Tag(random.choice(keywords)), random.choice(("LO", "UT", "UN", "PN")), CANARY.encode())


def _value(random: Random, vr: str) -> bytes:
    pool = random.choice((_WORDS, _WORDS, _GEOMETRY, _NUMBERS))
    value = random.choice(pool) if random.random() < 0.9 else random.randbytes(random.randrange(40))
    return value if vr in {"UT", "UC", "UN", "UR", "OB", "OW", "SQ"} or len(value) < 0xFFF0 else value[:0xFFF0]


def _item(random: Random, depth: int) -> Dataset:
    item = Dataset()
    for _ in range(random.randrange(4)):
        keyword = random.choice(NESTED)
        if keyword.endswith("Sequence") and depth >= _DEEPEST:
            continue
        element = odd_element(random, keyword, depth=depth + 1)
        item[element.tag] = element
    if random.random() < 0.5:
        for keyword, value in (("CodeValue", "7"), ("CodingSchemeDesignator", "99X"), ("CodeMeaning", "Seven")):
            item[Tag(keyword)] = raw_element(Tag(keyword), dictionary_VR(Tag(keyword)), value.encode())
    return item


NESTED: Final = (
    *("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning", "UniversalEntityID"),
    *("UniversalEntityIDType", "IdentifierTypeCode", "LocalNamespaceEntityID", "PatientName", "PatientComments"),
    *("ProcedureCodeSequence", "IssuerOfPatientIDQualifiersSequence", "RequestAttributesSequence"),
)

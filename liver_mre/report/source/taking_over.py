"""Take allowed attributes from a data set: read, decode, bring into form, and encode again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.dataelem import DataElement

from liver_mre.errors import InvalidInputError
from liver_mre.report.source.character_sets import decode, encode, uses_extensions
from liver_mre.report.source.conformance import conforming
from liver_mre.report.source.elements import items_of, raw_element, text_of
from liver_mre.studies.identifiers import LONGEST, unusable_identifier_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from liver_mre.report.source.allow_list import Attribute
    from liver_mre.report.source.character_sets import Reading

_CHARACTER_SET_VRS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})  # PS3.5, 6.1.2.3
_ENTITY, _ENTITY_TYPE = "UniversalEntityID", "UniversalEntityIDType"


@dataclass(frozen=True, slots=True)
class Text:
    """A value in the form of its VR; `original` is how the source encodes it, None if it has another form there."""

    text: str
    original: bytes | None


@dataclass(slots=True)
class Taken:
    """What was taken over from one data set.

    Attributes
    ----------
    values : filled attributes: a text, or the items of a sequence
    dropped, changed : keywords of those that were filled and are left out, and of those brought into another form
    """

    values: dict[Attribute, Text | list[Taken]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def texts_in(header: Dataset, attributes: Iterable[Attribute]) -> Iterator[tuple[str, bytes]]:
    """Iterate over keywords and texts of attributes whose encoding depends on the character set, at any depth."""
    for attribute in attributes:
        if attribute.vr == "SQ":
            for item in items_of(header, attribute.tag) or ():
                yield from texts_in(item, attribute.items)
        elif attribute.vr in _CHARACTER_SET_VRS:
            yield attribute.keyword, text_of(header, attribute.tag) or b""


def taken_over(header: Dataset, attributes: Iterable[Attribute], reading: Reading) -> Taken:
    """Take attributes from a header, or from an item of one.

    Parameters
    ----------
    reading : how the header's texts are read

    Raises
    ------
    InvalidInputError
        An identifier of patient or order cannot be taken over unchanged.
    """
    taken = Taken()
    for attribute in attributes:
        if attribute.vr == "SQ":
            _take_items(header, attribute, reading, taken)
        else:
            _take_text(header, attribute, reading, taken)
    return taken


def _take_text(header: Dataset, attribute: Attribute, reading: Reading, taken: Taken) -> None:
    original = text_of(header, attribute.tag)
    if original == b"":
        return
    text = "" if original is None else reading.decode(original).strip(" \0")
    formed = conforming(attribute, text) if text else ""
    if formed != text or not formed:
        if attribute.keyword in LONGEST:
            raise InvalidInputError(unusable_identifier_message(attribute.keyword))
        (taken.changed if formed else taken.dropped).append(attribute.keyword)
    if formed:
        faithful = formed == text and original is not None and decode(original, reading.sets) is not None
        taken.values[attribute] = Text(formed, original if faithful else None)


def _take_items(header: Dataset, attribute: Attribute, reading: Reading, taken: Taken) -> None:
    items = items_of(header, attribute.tag)
    if items is None:
        taken.dropped.append(attribute.keyword)
        return
    parts = [_item(item, attribute, reading) for item in items]
    usable = [part for part in parts if part.values]
    kept = usable[:1] if attribute.single else usable
    if kept:
        taken.values[attribute] = list(kept)
    if len(kept) < len(parts):
        taken.dropped.append(attribute.keyword)
    elif any(part.dropped or part.changed for part in kept):
        taken.changed.append(attribute.keyword)


def _item(item: Dataset, attribute: Attribute, reading: Reading) -> Taken:
    """Take over an item; nothing of it if a part is missing without which the rest says nothing."""
    part = taken_over(item, attribute.items, reading)
    by_keyword = {one.keyword: one for one in part.values}
    if any(one.needed and one not in part.values for one in attribute.items):
        return Taken(dropped=[*by_keyword])
    if (_ENTITY in by_keyword) != (_ENTITY_TYPE in by_keyword):  # one requires the other (PS3.3, 10.14)
        keyword = _ENTITY if _ENTITY in by_keyword else _ENTITY_TYPE
        del part.values[by_keyword[keyword]]
        part.dropped.append(keyword)
    return part


def unencodable(taken: Taken, sets: tuple[str, ...]) -> bool:
    """Tell whether these character sets cannot hold all texts in the form that they have now."""
    for value in taken.values.values():
        if isinstance(value, Text):
            if _encoded(value, sets) is None:
                return True
        elif any(unencodable(item, sets) for item in value):
            return True
    return False


def with_values(taken: Taken, attributes: Iterable[Attribute], sets: tuple[str, ...]) -> Dataset:
    """Return a data set of what was taken over, and the required ones of `attributes`, empty if need be.

    Texts stay as bytes: pydicom would not give back all of them unchanged.
    """
    found = Dataset()
    for attribute, value in taken.values.items():
        if isinstance(value, Text):
            found[attribute.tag] = raw_element(attribute.tag, attribute.vr, _encoded(value, sets) or b"")
        else:
            items = [with_values(item, (), sets) for item in value]
            found[attribute.tag] = DataElement(attribute.tag, "SQ", items)
    for attribute in attributes:
        if attribute.required and attribute.tag not in found:
            found[attribute.tag] = raw_element(attribute.tag, attribute.vr, b"")
    return found


def _encoded(value: Text, sets: tuple[str, ...]) -> bytes | None:
    """Return a text in these sets; None if they cannot hold it, or not without escape sequences of our own."""
    if value.text.isascii() and value.original is None:
        return value.text.encode("ascii")
    if value.original is not None and decode(value.original, sets) == value.text:
        return value.original
    if uses_extensions(sets):
        return None
    try:
        return encode(value.text, sets)
    except UnicodeEncodeError:
        return None

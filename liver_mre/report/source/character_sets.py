"""Character sets: what the source declares, whether its text is in it, and which set holds the text otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ASCII: Final = ()
LATIN_1: Final = ("ISO_IR 100",)
UNICODE: Final = ("ISO_IR 192",)

# Defined terms of SpecificCharacterSet (PS3.3, C.12.1.1.2), by their number in the ISO register.
_ASCII_NUMBER: Final = "6"
_SINGLE_BYTE: Final = frozenset({"13", "100", "101", "109", "110", "126", "127", "138", "144", "148", "166", "203"})
_MULTI_BYTE: Final = frozenset({"58", "87", "149", "159"})
_STAND_ALONE: Final = frozenset({"GB18030", "GBK", *UNICODE})
_REGISTERED: Final = re.compile(r"ISO.IR (\d+)|ISO.2022.IR.(\d+)")  # including misspellings that pydicom accepts
_WITH_EXTENSIONS: Final = "ISO 2022 "
_ENCODINGS: Final = {**python_encoding, "ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
_ESCAPE: Final = b"\x1b"
_JIS: Final = frozenset({"iso2022_jp", "iso2022_jp_2"})  # Python's codecs want the escape sequence, too
_UNDECLARED: Final = {b"\x1b$B": "87", b"\x1b$(D": "159", b"\x1b$)C": "149", b"\x1b$)A": "58"}
_HIGH_CONTROLS: Final = re.compile(rb"[\x80-\x9f]")  # no characters in single-byte sets


def declared_sets(terms: Sequence[str]) -> tuple[str, ...]:
    """Return the values of SpecificCharacterSet as the standard spells them; `ASCII` if ASCII needs none.

    An empty first value is ASCII with code extensions, and several sets, or a multi-byte one, need code extensions.
    Unicode replaces sets that the standard does not define.
    """
    terms = [term.strip() for term in terms] or [""]
    if terms[0] in _STAND_ALONE:
        return (terms[0],)
    numbers = list(dict.fromkeys(_register_number(term) for term in terms))
    if not {_ASCII_NUMBER, *_SINGLE_BYTE, *_MULTI_BYTE}.issuperset(numbers):
        return UNICODE
    if numbers == [_ASCII_NUMBER]:
        return ASCII
    if len(numbers) == 1 and numbers[0] in _SINGLE_BYTE:
        return (f"ISO_IR {numbers[0]}",)
    if numbers[0] in _MULTI_BYTE:
        numbers = list(dict.fromkeys([_ASCII_NUMBER, *numbers]))
    return tuple(f"ISO 2022 IR {number}" for number in numbers)


def sets_that_hold(texts: Iterable[bytes], declared: tuple[str, ...]) -> tuple[str, ...]:
    """Return the declared sets if all texts are in them; otherwise sets that hold the texts.

    In this order: the sets whose escape sequences the texts use; Unicode, if all are in UTF-8; Latin-1, unless the
    declared sets hold one of the texts; Unicode, into which `Reading` then translates each text by itself.
    """
    texts = [text for text in texts if not text.isascii() or _ESCAPE in text]
    escapes = [number for code, number in _UNDECLARED.items() if any(code in text for text in texts)]
    extended = [tuple(f"ISO 2022 IR {number}" for number in (_ASCII_NUMBER, *escapes))] if escapes else []
    first = (declared, *extended) if uses_extensions(declared) else (*extended, declared)
    contradicted = all(decode(text, declared) is None for text in texts)
    for sets in (*first, UNICODE, *([LATIN_1] if contradicted else [])):
        if all(decode(text, sets) is not None for text in texts):
            return sets
    return UNICODE


def decode(text: bytes, sets: Sequence[str]) -> str | None:
    """Decode a text; None if it is not in these character sets. Control characters are kept."""
    if text.isascii() and _ESCAPE not in text:
        return text.decode("ascii")
    encodings = [_ENCODINGS[term] for term in sets]
    try:
        if not sets:
            return text.decode("ascii")
        if uses_extensions(sets):
            return _decode_extended(text, encodings)
        if sets[0] not in _STAND_ALONE and _HIGH_CONTROLS.search(text):
            return None
        return text.decode(encodings[0])
    except UnicodeError:
        return None


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts are read: the sets that the source declares, and those that results declare."""

    declared: tuple[str, ...]
    sets: tuple[str, ...]

    def decode(self, text: bytes) -> str:
        """Decode a text as results do, else as UTF-8, as declared, or as Windows text with the rest replaced."""
        for sets in (self.sets, UNICODE, self.declared):
            if (found := decode(text, sets)) is not None:
                return found
        return text.decode("cp1252", errors="replace")

    def is_guess(self, text: bytes) -> bool:
        """Tell whether neither the source nor the text itself says which characters these bytes are."""
        known = {self.declared, self.sets, UNICODE} - ({LATIN_1} if self.declared != LATIN_1 else set())
        return all(decode(text, sets) is None for sets in known)


def encode(text: str, sets: Sequence[str]) -> bytes:
    """Encode a text in a set without code extensions; raises `UnicodeEncodeError` if it cannot hold the text."""
    return text.encode(_ENCODINGS[sets[0]] if sets and not text.isascii() else "ascii")


def uses_extensions(sets: Sequence[str]) -> bool:
    """Tell whether texts change between sets by escape sequences."""
    return any(term.startswith(_WITH_EXTENSIONS) for term in sets)


def _register_number(term: str) -> str:
    """Return the number of a set in the ISO register; "" without one."""
    if not term:
        return _ASCII_NUMBER
    match = _REGISTERED.fullmatch(term)
    return "" if match is None else match[1] or match[2]


def _decode_extended(text: bytes, encodings: Sequence[str]) -> str | None:
    """Decode a text whose parts begin with the escape sequence of their set (PS3.5, 6.1.2.5)."""
    words = ""
    for part in re.split(rb"(?=\x1b)", text):
        code = next((code for code in CODES_TO_ENCODINGS if part.startswith(code)), b"")
        encoding = CODES_TO_ENCODINGS.get(code, encodings[0])
        if part.startswith(_ESCAPE) and encoding not in (*encodings, python_encoding[""]):
            return None
        words += (part if encoding in _JIS else part[len(code) :]).decode(encoding)
    return words

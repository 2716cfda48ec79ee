"""Identifiers of patient, order and class that results take over unchanged, or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from unicodedata import category

from liver_mre.studies.values import text, texts

if TYPE_CHECKING:
    from pydicom import Dataset

LONGEST: Final = {"PatientID": 64, "IssuerOfPatientID": 64, "AccessionNumber": 16}
"""Characters that DICOM allows (LO, SH: PS3.5, 6.2), whatever VR the file gives."""
# PS3.5, 9.1. Strict, because the study's UID names the folder of its results.
_UID: Final = re.compile(r"(?=.{1,64}\Z)(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_ESCAPE: Final = "\x1b"  # pydicom leaves it in texts of some character sets


def is_uid(value: str) -> bool:
    """Tell whether a text is a UID: numbers without leading zeros, joined by dots, at most 64 characters."""
    return _UID.fullmatch(value) is not None


def sop_class_of(header: Dataset, storage_class: str) -> str:
    """Return SOPClassUID, or the class in the file meta information where that is absent or no UID; "" without either.

    A private class is kept: results refer to it as it is.
    """
    return next((uid for uid in (text(header, "SOPClassUID"), storage_class) if is_uid(uid)), "")


def unusable_identifiers(header: Dataset) -> tuple[str, ...]:
    """Return the keywords of identifiers that a result cannot carry: too long, several, or with control characters.

    Shortened or cleaned, they would name another patient or order.
    """
    return tuple(keyword for keyword, longest in LONGEST.items() if not _is_usable(header, keyword, longest))


def unusable_identifier_message(keyword: str) -> str:
    """Say what is wrong with an identifier and what to do, without quoting it."""
    return (
        f"{keyword} of the stiffness images is longer than the {LONGEST[keyword]} characters that DICOM allows, holds "
        "several values, or contains control characters. Results cannot carry it, and a changed one would name another "
        "patient or order. Nothing was measured; correct it at its source and send the study again."
    )


def _is_usable(header: Dataset, keyword: str, longest: int) -> bool:
    value = text(header, keyword)
    controlled = any(character != _ESCAPE and category(character) == "Cc" for character in value)
    return len(value) <= longest and len(texts(header, keyword)) <= 1 and not controlled

"""Bring a text into the form of its VR (PS3.5, 6.2), or say that it has no such form."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydicom.valuerep import MAX_VALUE_LEN

from liver_mre.studies.identifiers import is_uid

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.report.source.allow_list import Attribute

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
# Dates and times as in ACR-NEMA (1970.02.03, 10:20:30), in ISO 8601, or the beginning of a date and time.
_DATE: Final = re.compile(r"(\d{4})([.-]?)(\d\d)\2(\d\d)(?:[ T]?\d\d:?\d\d.*)?")
_TIME: Final = re.compile(r"(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(\.\d{1,6})?)?)?")
_AGE: Final = re.compile(r"(\d{1,3})([DWMY])")
_CODE: Final = re.compile(r"[A-Z0-9 _]{1,16}")
_LONGEST_DECIMAL: Final = 16
_GROUPS: Final = 3  # component groups of a name: alphabetic, ideographic, phonetic
_COMPONENTS: Final = 5
_LONGEST_GROUP: Final = 64
_LEAP_SECOND: Final = "60"


def conforming(attribute: Attribute, text: str) -> str:
    r"""Return a value as its VR requires; "" if it has no such form.

    Parameters
    ----------
    attribute : what the value belongs to
    text : the decoded value, filled; several values are separated by "\"
    """
    values = text.split("\\") if attribute.multiple else [text]
    formed = [_one(attribute, value) for value in values]
    return "\\".join(formed) if all(formed) else ""


def _one(attribute: Attribute, text: str) -> str:
    if attribute.vr == "PN":
        return _name(text, shorten=attribute.shorten)
    form = _FORMS.get(attribute.vr)
    if form is not None:
        found = form(text.strip(" \0"))
        return found if not attribute.terms or found in attribute.terms else ""
    clean = printable(text).strip(" ")
    longest = MAX_VALUE_LEN.get(attribute.vr)
    if "\\" in clean and attribute.vr != "UT":
        return ""
    if longest is None or len(clean) <= longest:
        return clean
    return clean[:longest].rstrip() if attribute.shorten else ""


def printable(text: str) -> str:
    """Return a text with each run of control characters as one space."""
    return _CONTROLS.sub(" ", text)


def _name(text: str, *, shorten: bool) -> str:
    """Return a name in its component groups; "" for several names: one of them would name somebody else."""
    if "\\" in text:
        return ""
    groups = printable(text).strip(" ").split("=")[:_GROUPS]
    formed = ["^".join(group.split("^")[:_COMPONENTS]).rstrip(" ^") for group in groups]
    if not shorten and any(len(group) > _LONGEST_GROUP for group in formed):
        return ""
    return "=".join(group[:_LONGEST_GROUP].rstrip(" ^") for group in formed).rstrip("=")


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    day = "".join(match[part] for part in (1, 3, 4)) if match else ""
    try:
        datetime.strptime(day, "%Y%m%d")  # noqa: DTZ007 - whether there is such a day
    except ValueError:
        return ""
    return day


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return ""
    hours, minutes, seconds, fraction = (match[part] or "" for part in (1, 3, 4, 5))
    inside = hours < "24" and minutes < "60" and seconds <= _LEAP_SECOND
    return f"{hours}{minutes}{seconds}{fraction}" if inside else ""


def _age(text: str) -> str:
    match = _AGE.fullmatch(text.upper())
    return f"{int(match[1]):03d}{match[2]}" if match else ""


def _code(text: str) -> str:
    upper = text.upper()
    return upper if _CODE.fullmatch(upper) else ""


def _decimal(text: str) -> str:
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return ""
    if not math.isfinite(value):
        return ""
    return text if len(text) <= _LONGEST_DECIMAL else f"{value:.10g}"


def _uid(text: str) -> str:
    return text if is_uid(text) else ""


_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "DA": _date,
    "TM": _time,
    "AS": _age,
    "CS": _code,
    "DS": _decimal,
    "UI": _uid,
}

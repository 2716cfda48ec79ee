"""Codes of the reports: standard ones, and those of the private scheme (`data/codes.json`, see `docs/codes.md`)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from pydicom.sr.coding import Code

from liver_mre.errors import MreError
from liver_mre.report.source.conformance import printable
from liver_mre.studies.typed_json import read_json

LIVER: Final = Code("10200004", "SCT", "Liver")
ANATOMICAL_STRUCTURE: Final = Code("91723000", "SCT", "Anatomical Structure")
SPATIAL_CONCEPT: Final = Code("309825002", "SCT", "Spatial and Relational Concept")
REGION_OF_INTEREST: Final = Code("C85402", "NCIt", "Imaging Region of Interest")
ARTIFICIAL_INTELLIGENCE: Final = Code("123110", "DCM", "Artificial Intelligence")
ACQUISITION_EQUIPMENT: Final = Code("109101", "DCM", "Acquisition Equipment")
PROCESSING_EQUIPMENT: Final = Code("109102", "DCM", "Processing Equipment")
SOURCE_IMAGE: Final = Code("121322", "DCM", "Source image for image processing operation")
MRI_PROCEDURE: Final = Code("25056-3", "LN", "MRI unspecified body region")
METHOD: Final = Code("370129005", "SCT", "Measurement Method")
ELASTICITY: Final = Code("110830", "DCM", "Elasticity")
AREA: Final = Code("131184002", "SCT", "Area of defined region")
MEAN: Final = Code("373098007", "SCT", "Mean")
MEDIAN: Final = Code("373099004", "SCT", "Median")
STANDARD_DEVIATION: Final = Code("386136009", "SCT", "Standard Deviation")
KILOPASCAL: Final = Code("kPa", "UCUM", "kilopascal")
SQUARE_CENTIMETRE: Final = Code("cm2", "UCUM", "square centimeter")
PERCENT: Final = Code("%", "UCUM", "percent")
RATIO: Final = Code("{ratio}", "UCUM", "ratio")
RADIAN: Final = Code("rad", "UCUM", "radian")
IMAGE_QUALITY: Final = Code("111101", "DCM", "Image Quality")
DIAGNOSTIC: Final = Code("RID12", "RADLEX", "Diagnostic quality")
LIMITED: Final = Code("RID13", "RADLEX", "Limited quality")
NON_DIAGNOSTIC: Final = Code("RID14", "RADLEX", "Non-diagnostic quality")
YES: Final = Code("373066001", "SCT", "Yes")
NO: Final = Code("373067005", "SCT", "No")
COMMENT: Final = Code("121106", "DCM", "Comment")
QUALITATIVE_EVALUATIONS: Final = Code("C0034375", "UMLS", "Qualitative Evaluations")

_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "codes.json"
_LONGEST_MEANING = 64  # CodeMeaning is LO: at most 64 characters (PS3.5, 6.2)


@cache
def _table() -> dict[str, Any]:
    table = read_json(_FILE, "table of private codes", MreError, advice="Reinstall the application.")
    return cast("dict[str, Any]", table)


def scheme() -> dict[str, str]:
    """Return designator, name, version and organization of the private coding scheme."""
    entries: dict[str, str] = _table()["scheme"]
    return entries


def private_keys() -> tuple[str, ...]:
    """Return the keys of all private codes."""
    return tuple(_table()["codes"])


def private(key: str) -> Code:
    """Return the private code with this key in `codes.json`.

    Raises
    ------
    KeyError
        If there is no such code.
    """
    entry = _table()["codes"][key]
    return Code(entry["value"], scheme()["designator"], entry["meaning"])


def metavir(stage: str) -> Code:
    """Return the code of a METAVIR stage, "F0" to "F4"."""
    return private(f"metavir_{stage.lower()}")


def not_evaluable(reason: str) -> Code:
    """Return the code of a reason for not being evaluable; an unlisted reason is coded as "other"."""
    key = f"reason_{reason}"
    return private(key if key in private_keys() else "reason_other")


def named(prefix: str, words: str) -> Code:
    """Return a code for words that a site chooses: names of staging profiles and of their categories.

    The value is the prefix with eight hexadecimal digits of the words' SHA-256, so that equal words have equal codes at
    every site; the meaning is the words, cut to 64 characters.
    """
    digest = hashlib.sha256(words.encode()).hexdigest()[:8]
    return Code(f"{prefix}-{digest}", scheme()["designator"], plain(words)[:_LONGEST_MEANING])


_REPLACEMENTS = str.maketrans({"≥": ">=", "≤": "<=", "±": "+/-", "²": "2", "\u2013": "-", "\u2014": "-"})


def plain(text: str) -> str:
    """Return the text in ASCII, which every character set of a source image includes, without control characters."""
    return printable(text.translate(_REPLACEMENTS).encode("ascii", "replace").decode("ascii"))

"""An earlier report of this application about the same patient, read back from its structured report."""

from __future__ import annotations

import math
import re
import secrets
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom import config
from pydicom.uid import Comprehensive3DSRStorage

from liver_mre.about import APPLICATION
from liver_mre.measurement.change import Prior
from liver_mre.studies.files import open_dicom
from liver_mre.studies.headers import DIGEST_KEY_BYTES, patient_key
from liver_mre.studies.values import integer, items, number, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from liver_mre.studies.study import Instance, PatientKey, ReportFiles

_SCHEME: Final = "99LIVERMRE"
_GROUP: Final = ("125007", "DCM")
_ELASTICITY: Final = ("110830", "DCM")
_DERIVATION: Final = ("121401", "DCM")
_MEAN: Final = ("373098007", "SCT")
_KILOPASCAL: Final = ("kPa", "UCUM")
_LIVER_AREA: Final = ("LIVER-AREA", _SCHEME)
"""Only the group of the whole liver holds it; groups of slices hold a mean, too."""
_DATE: Final = re.compile(r"\d{8}")
_TIME: Final = re.compile(r"\d{2,6}")
_DEEPEST: Final = 12
_DIGEST_KEY: Final = secrets.token_bytes(DIGEST_KEY_BYTES)  # digests are compared here only, and never kept


@dataclass(frozen=True, slots=True)
class _Report:
    """One report of this application; `rank` orders reports of one study, the last standing for it.

    `prior` is None where the exam was not evaluable.
    """

    study_instance_uid: str
    when: tuple[str, str]
    patient: PatientKey
    rank: tuple[int, str]
    prior: Prior | None


def latest_earlier(reports: ReportFiles, current: Instance) -> Prior | None:
    """Return the patient's most recent measured exam before this one.

    Passed over are reports of other applications, of patients who are not certainly the same, of this study (it was
    measured before) or of one that is not certainly earlier, damaged reports, and studies whose last report has no
    stiffness because the exam was not evaluable, whatever was reported before.

    Parameters
    ----------
    reports : structured reports in the input
    current : an image of the study that is measured now
    """
    if not reports.paths:
        return None
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        now = _opened(current.source)
        if now is None or (start := _when(now)) is None:
            return None
        study_uid, patient = text(now, "StudyInstanceUID"), patient_key(now, _DIGEST_KEY)
        read = [report for report in reports.parsed(_report) if report is not None]
    earlier = [
        one
        for one in read
        if one.study_instance_uid != study_uid and _before(one.when, start) and _same(one.patient, patient)
    ]
    # In the order of their ranks, so that the last one stands for its study.
    of_studies = {one.study_instance_uid: one for one in sorted(earlier, key=lambda one: one.rank)}
    measured = [one for one in of_studies.values() if one.prior is not None]
    return max(measured, key=lambda one: (one.when, one.rank)).prior if measured else None


def _report(path: str) -> _Report | None:
    header = _opened(path)
    if header is None or text(header, "SOPClassUID") != Comprehensive3DSRStorage:
        return None
    if text(header, "ManufacturerModelName") != APPLICATION or _SCHEME not in _schemes(header):
        return None
    when = _when(header)
    if when is None:
        return None
    # Of several acquisitions the study's own has the lowest series number; of several runs the last one counts.
    written = text(header, "ContentDate") + text(header, "ContentTime")
    rank = (-(integer(header, "SeriesNumber") or 0), written)
    return _Report(text(header, "StudyInstanceUID"), when, patient_key(header, _DIGEST_KEY), rank, _prior(header, when))


def _prior(header: Dataset, when: tuple[str, str]) -> Prior | None:
    mean_kpa = next((value for group in _groups(header) if (value := _mean_of(group)) is not None), None)
    if mean_kpa is None:
        return None
    return Prior(
        stiffness_kpa=mean_kpa,
        study_date=when[0],
        study_time=when[1],
        made_by=texts(header, "SoftwareVersions"),
        sop_instance_uid=text(header, "SOPInstanceUID"),
        study_instance_uid=text(header, "StudyInstanceUID"),
    )


def _opened(path: str) -> Dataset | None:
    try:
        return open_dicom(path, stop_before_pixels=True)
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged files
        return None


def _schemes(header: Dataset) -> set[str]:
    return {text(item, "CodingSchemeDesignator") for item in items(header, "CodingSchemeIdentificationSequence")}


def _when(header: Dataset) -> tuple[str, str] | None:
    """Return the date and time of the study, the time as six digits or "" without one; None without a date."""
    date, time = text(header, "StudyDate"), text(header, "StudyTime").split(".")[0]
    if not _DATE.fullmatch(date):
        return None
    return date, time.ljust(6, "0") if _TIME.fullmatch(time) else ""


def _before(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether a study is surely earlier: on one day, both times have to say so."""
    return one[0] < other[0] or (one[0] == other[0] and bool(one[1] and other[1]) and one[1] < other[1])


def _same(one: PatientKey, other: PatientKey) -> bool:
    """Tell whether the two surely are one patient: what both leave empty proves nothing.

    A PatientID can be given twice, and a placeholder often is: so another date of birth, or another name without a date
    of birth that agrees, is another patient.
    """
    born, named = (one.birth_date, other.birth_date), (one.name, other.name)
    if one.conflicts(other) or (all(born) and born[0] != born[1]):
        return False
    if all(born):
        return bool(one.patient_id and other.patient_id) or (all(named) and named[0] == named[1])
    return bool(one.patient_id and other.patient_id) and not (all(named) and named[0] != named[1])


def _groups(item: Dataset, depth: int = 0) -> Iterator[Dataset]:
    for part in items(item, "ContentSequence"):
        if _code(part, "ConceptNameCodeSequence") == _GROUP:
            yield part
        elif depth < _DEEPEST:
            yield from _groups(part, depth + 1)


def _mean_of(group: Dataset) -> float | None:
    """Return the mean stiffness of a group of the whole liver."""
    parts = items(group, "ContentSequence")
    if not any(_code(part, "ConceptNameCodeSequence") == _LIVER_AREA for part in parts):
        return None
    for part in parts:
        derived = {
            _code(modifier, "ConceptCodeSequence")
            for modifier in items(part, "ContentSequence")
            if _code(modifier, "ConceptNameCodeSequence") == _DERIVATION
        }
        if _code(part, "ConceptNameCodeSequence") == _ELASTICITY and _MEAN in derived:
            for measured in items(part, "MeasuredValueSequence"):
                value = number(measured, "NumericValue")
                if _code(measured, "MeasurementUnitsCodeSequence") == _KILOPASCAL and value is not None:
                    return value if math.isfinite(value) and value > 0.0 else None
    return None


def _code(item: Dataset, sequence: str) -> tuple[str, str] | None:
    found = items(item, sequence)
    return (text(found[0], "CodeValue"), text(found[0], "CodingSchemeDesignator")) if found else None

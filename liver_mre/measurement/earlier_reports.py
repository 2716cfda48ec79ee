"""Find the patient's most recent earlier report by this application and read its stiffness."""

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
from liver_mre.studies.dicom_file import open_dicom
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
"""Marks the measurement group of the whole liver; groups of single slices have a mean, too."""
_DATE: Final = re.compile(r"\d{8}")
_TIME: Final = re.compile(r"\d{2,6}")
_MAX_DEPTH: Final = 12
_DIGEST_KEY: Final = secrets.token_bytes(DIGEST_KEY_BYTES)  # digests are compared within this process only


@dataclass(frozen=True, slots=True)
class _Report:
    """One report of this application; of several about one study, the one with the highest `rank` counts.

    `prior` is None for an exam that was not evaluable.
    """

    study_instance_uid: str
    when: tuple[str, str]
    patient: PatientKey
    rank: tuple[int, str]
    prior: Prior | None


def most_recent_prior(reports: ReportFiles, current: Instance) -> Prior | None:
    """Return the patient's most recent measured exam before this one.

    Ignored are damaged reports, reports of other applications, of patients not certainly the same, of this study or of
    one not certainly earlier, and studies whose last report says that the exam was not evaluable.

    Parameters
    ----------
    reports : structured reports in the input
    current : an image of the study being measured
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
        if one.study_instance_uid != study_uid and _before(one.when, start) and _same_patient(one.patient, patient)
    ]
    # Sorted, so that the highest rank of a study is kept.
    last_of_study = {one.study_instance_uid: one for one in sorted(earlier, key=lambda one: one.rank)}
    measured = [one for one in last_of_study.values() if one.prior is not None]
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
    # The acquisition chosen for the study has the lowest series number; of several runs the last one counts.
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
        return open_dicom(path)
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged files
        return None


def _schemes(header: Dataset) -> set[str]:
    return {text(item, "CodingSchemeDesignator") for item in items(header, "CodingSchemeIdentificationSequence")}


def _when(header: Dataset) -> tuple[str, str] | None:
    """Return date and time of the study, the time as six digits or "" if missing; None without a date."""
    date, time = text(header, "StudyDate"), text(header, "StudyTime").split(".")[0]
    if not _DATE.fullmatch(date):
        return None
    return date, time.ljust(6, "0") if _TIME.fullmatch(time) else ""


def _before(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether a study is certainly earlier; on the same day, both times must be known."""
    return one[0] < other[0] or (one[0] == other[0] and bool(one[1] and other[1]) and one[1] < other[1])


def _same_patient(one: PatientKey, other: PatientKey) -> bool:
    """Tell whether two keys certainly belong to one patient; attributes missing in both prove nothing.

    A PatientID can be assigned twice, a placeholder often is. So another date of birth, or another name without an
    agreeing date of birth, means another patient.
    """
    births, names = (one.birth_date, other.birth_date), (one.name, other.name)
    both_ids = bool(one.patient_id and other.patient_id)
    if one.conflicts(other) or (all(births) and births[0] != births[1]):
        return False
    if all(births):
        return both_ids or (all(names) and names[0] == names[1])
    return both_ids and not (all(names) and names[0] != names[1])


def _groups(item: Dataset, depth: int = 0) -> Iterator[Dataset]:
    for part in items(item, "ContentSequence"):
        if _code(part, "ConceptNameCodeSequence") == _GROUP:
            yield part
        elif depth < _MAX_DEPTH:
            yield from _groups(part, depth + 1)


def _mean_of(group: Dataset) -> float | None:
    """Return the mean stiffness in kPa, if this is the measurement group of the whole liver."""
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

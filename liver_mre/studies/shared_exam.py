"""Studies of one input that show one patient in one frame of reference, as those of a single exam do."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.studies.study import Study


def with_shared_exams(studies: Iterable[Study]) -> tuple[Study, ...]:
    """Count, for each study, the others of the same exam: same PatientID, frame of reference and day, where known."""
    found = tuple(studies)
    by_frame: dict[tuple[str, str], set[str]] = {}
    frames = {study.study_instance_uid: _frames(study) for study in found}
    for uid, of_study in frames.items():
        for frame in of_study:
            by_frame.setdefault(frame, set()).add(uid)
    if all(len(uids) == 1 for uids in by_frame.values()):
        return found
    days = {study.study_instance_uid: _days(study) for study in found}
    shared: dict[str, set[str]] = {uid: set() for uid in frames}
    for uids in by_frame.values():
        for one, other in product(uids, uids):
            if one != other and (not days[one] or not days[other] or days[one] & days[other]):
                shared[one].add(other)
    return tuple(replace(study, shares_exam_with=len(shared[study.study_instance_uid])) for study in found)


def _frames(study: Study) -> set[tuple[str, str]]:
    """Return the patient's digest and FrameOfReferenceUID of each series that has both."""
    first = (series.first for series in study.series)
    found = {(image.patient_key.patient_id, image.frame_of_reference_uid) for image in first}
    return {(patient, frame) for patient, frame in found if patient and frame}


def _days(study: Study) -> set[int]:
    return {series.first.acquired_day for series in study.series if series.first.acquired_day is not None}

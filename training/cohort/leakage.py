"""Data leakage: the same patient, exam or pixels in two splits, or under two identities."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from training.errors import CohortError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training.cohort.exams import Exam


def refuse_leakage(splits: Mapping[str, Sequence[Exam]]) -> None:
    """Raise `CohortError` if two splits share a patient, or a slice (one patient under two identities)."""
    for (one, exams), (other, others) in combinations(splits.items(), 2):
        patients = {exam.patient for exam in exams} & {exam.patient for exam in others}
        if patients:
            message = f"{len(patients)} patients are in both {one} and {other}: split the data by patient"
            raise CohortError(message)
        images = _images(exams).keys() & _images(others).keys()
        if images:
            message = (
                f"{len(images)} slices are in both {one} and {other} under different patients: one patient may have "
                "two identities; remove one of them"
            )
            raise CohortError(message)


def refuse_training_exams(exams: Sequence[Exam], names: Iterable[str], patients: Iterable[str] = ()) -> None:
    """Raise `CohortError` if an exam to evaluate, or its patient, was used in training."""
    used, known = set(names), set(patients)
    count = sum(exam.name in used or exam.patient in known for exam in exams)
    if count:
        message = f"{count} exams to evaluate were used in training: choose the test split or other patients"
        raise CohortError(message)


def duplicates(exams: Sequence[Exam]) -> list[tuple[str, ...]]:
    """Return groups of exam names that share a slice although their patients differ."""
    groups = {tuple(sorted({exam.name for exam in found})) for found in _images(exams).values()}
    by_name = {exam.name: exam.patient for exam in exams}
    return sorted(group for group in groups if len({by_name[name] for name in group}) > 1)


def _images(exams: Sequence[Exam]) -> dict[bytes, list[Exam]]:
    """Return the exams by the digest of each of their slices; empty slices are left out."""
    found: dict[bytes, list[Exam]] = defaultdict(list)
    for exam in exams:
        for image in exam.stiffness:
            if image.any():
                found[hashlib.sha256(image.tobytes()).digest()].append(exam)
    return found

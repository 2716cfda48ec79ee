"""Nobody on two sides: the same patient, exam or pixels must not be in two splits, nor under two names."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from training.cohort.store import CohortError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training.cohort.exams import Exam


def refuse_leakage(splits: Mapping[str, Sequence[Exam]]) -> None:
    """Refuse splits that share patients or images.

    Parameters
    ----------
    splits : exams by the name of their split

    Raises
    ------
    CohortError
        If a patient is in two splits, or the same stiffness images are in two (a patient under two identities).

    """
    for (one, exams), (other, others) in combinations(splits.items(), 2):
        patients = {exam.patient for exam in exams} & {exam.patient for exam in others}
        if patients:
            message = f"{len(patients)} patients are in {one} and in {other}: split the data by patient"
            raise CohortError(message)
        images = _images(exams).keys() & _images(others).keys()
        if images:
            message = (
                f"{len(images)} slices are in {one} and in {other} under different patients: one patient may have two "
                "identities; remove one of them"
            )
            raise CohortError(message)


def refuse_seen(exams: Sequence[Exam], names: Iterable[str], patients: Iterable[str] = ()) -> None:
    """Refuse exams to evaluate that a training saw.

    Raises
    ------
    CohortError
        If an exam, or its patient, was used in training.

    """
    seen, known = set(names), set(patients)
    count = sum(exam.name in seen or exam.patient in known for exam in exams)
    if count:
        message = f"{count} exams to evaluate were used in training: choose the test split or other patients"
        raise CohortError(message)


def duplicates(exams: Sequence[Exam]) -> list[tuple[str, ...]]:
    """Return the names of exams that share a slice, though they are of different patients."""
    groups = {tuple(sorted({exam.name for exam in found})) for found in _images(exams).values()}
    by_name = {exam.name: exam.patient for exam in exams}
    return sorted(group for group in groups if len({by_name[name] for name in group}) > 1)


def _images(exams: Sequence[Exam]) -> dict[bytes, list[Exam]]:
    """Return the exams by the content of their slices; empty slices tell nothing."""
    found: dict[bytes, list[Exam]] = defaultdict(list)
    for exam in exams:
        for image in exam.stiffness:
            if image.any():
                found[hashlib.sha256(image.tobytes()).digest()].append(exam)
    return found

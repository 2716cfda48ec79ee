"""Exams as training and evaluation use them, whether simulated or a site's own, and their files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from liver_mre.core.channels import bright_magnitude
from liver_mre.core.volume import StiffnessVolume
from training.cohort.store import (
    CONFIDENCE_THRESHOLD,
    KPA_PER_COUNT,
    CohortError,
    Fact,
    Split,
    confidence_counts,
    list_exams,
    load_exam,
    split_of,
    write_whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Origin = Literal["simulated", "own"]

OWN_SCHEMA_VERSION = "1.0"
_OWN_PREFIX = "own-"
_DIGEST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam with the liver that is true for it.

    Attributes
    ----------
    name : names the exam without naming the patient: "exam-00000017", "own-3f9a12c0b7de"
    patient : whose exam it is, the same for all exams of a patient; says nothing about them
    origin : "simulated" or "own"
    stage : METAVIR stage "F0" to "F4", "" where it is not known
    pixel_spacing_mm : (row spacing, column spacing)
    stiffness : (S, R, C) uint16, counts of 0.01 kPa; not masked unless `masked`
    confidence : (S, R, C) uint16, counts of 0.0001
    magnitude : (S, R, C), any unit, or None
    bright : magnitude that becomes 1 in the network's input
    liver : (S, R, C) bool, the liver as the simulator made it or a reader drew it
    masked : True if pixels of low confidence are missing from `stiffness`: then it cannot be shown unmasked
    facts : what else is known, for the rows of tables
    made_by : digest of the simulator's source, or how an own exam was read
    """

    name: str
    patient: str
    origin: Origin
    stage: str
    pixel_spacing_mm: tuple[float, float]
    stiffness: NDArray[np.uint16]
    confidence: NDArray[np.uint16]
    magnitude: NDArray[np.number] | None
    bright: float
    liver: NDArray[np.bool_]
    masked: bool
    facts: Mapping[str, Fact]
    made_by: str

    @property
    def has_rare_anatomy(self) -> bool:
        """Whether a part of the liver is known to be missing: removed, or outside all but the end of the slices."""
        return self.facts.get("resection", 0.0) != 0.0 or self.facts.get("failure") == "anatomical masking"

    @property
    def stiffness_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) stiffness in kPa."""
        return self.stiffness.astype(np.float32) * np.float32(KPA_PER_COUNT)

    def confident(self, threshold: float = CONFIDENCE_THRESHOLD) -> NDArray[np.bool_]:
        """Return (S, R, C) bool: pixels whose confidence reaches the threshold."""
        return self.confidence >= confidence_counts(threshold)

    @property
    def measurable(self) -> NDArray[np.bool_]:
        """(S, R, C) bool: pixels that the application measures where they are liver."""
        return self.confident() & (self.stiffness > 0)

    @property
    def pixel_area_cm2(self) -> float:
        """Area of one pixel in cm2."""
        return self.pixel_spacing_mm[0] * self.pixel_spacing_mm[1] / 100.0

    @property
    def true_kpa(self) -> float:
        """Mean stiffness of the image where the true liver can be measured; NaN where it cannot be."""
        pixels = self.stiffness[self.liver & self.measurable]
        return float(pixels.mean(dtype=np.float64)) * KPA_PER_COUNT if pixels.size else float("nan")

    def volume(self, *, masked: bool) -> StiffnessVolume:
        """Return the exam as the application would read it, from its masked or its unmasked elastogram."""
        valid = self.measurable if masked or self.masked else self.stiffness > 0
        stiffness_kpa = np.where(valid, self.stiffness_kpa, np.float32(0))
        return StiffnessVolume(
            stiffness_kpa, valid, self.measurable, (), self.pixel_spacing_mm, masked=masked or self.masked
        )


def simulated_exam(path: Path) -> Exam:
    """Read one exam of a simulated cohort.

    Raises
    ------
    CohortError
        If the file was written under another schema.

    """
    record = load_exam(path)
    return Exam(
        name=path.stem,
        patient=path.stem,
        origin="simulated",
        stage=record.stage,
        pixel_spacing_mm=record.pixel_spacing_mm,
        stiffness=record.stiffness,
        confidence=record.confidence,
        magnitude=record.magnitude,
        bright=bright_magnitude(record.magnitude),
        liver=record.liver,
        masked=False,
        facts=dict(record.facts) | {"failure": record.failure},
        made_by=record.simulator,
    )


def own_name(study_instance_uid: str, series_instance_uid: str) -> str:
    """Return the name of a site's own exam: a digest, which tells exams apart and names nobody."""
    return _OWN_PREFIX + digest_of(f"{study_instance_uid} {series_instance_uid}")


def digest_of(text: str) -> str:
    """Return the first 12 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]


def save_own(folder: Path, exam: Exam) -> Path:
    """Write an own exam; the file appears under its name only once it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{exam.name}.npz"
    magnitude = exam.magnitude if exam.magnitude is not None else np.zeros(0, np.float32)
    texts = {
        "patient": exam.patient,
        "stage": exam.stage,
        "facts": json.dumps(dict(exam.facts)),
        "made_by": exam.made_by,
    }
    write_whole(
        target,
        own_schema_version=np.array(OWN_SCHEMA_VERSION),
        pixel_spacing_mm=np.array(exam.pixel_spacing_mm, dtype=np.float64),
        stiffness=exam.stiffness,
        confidence=exam.confidence,
        magnitude=magnitude,
        liver=exam.liver,
        masked=np.array(exam.masked),
        **{name: np.array(text) for name, text in texts.items()},
    )
    return target


def own_exam(path: Path) -> Exam:
    """Read an exam written by `save_own`.

    Raises
    ------
    CohortError
        If the file was written under another schema.

    """
    with np.load(path, allow_pickle=False) as archive:
        found = str(archive["own_schema_version"])
        if found != OWN_SCHEMA_VERSION:
            message = f"{path.name} has schema {found}, this code reads {OWN_SCHEMA_VERSION}: prepare the data again"
            raise CohortError(message)
        magnitude = archive["magnitude"] if archive["magnitude"].size else None
        row_mm, column_mm = (float(value) for value in archive["pixel_spacing_mm"])
        return Exam(
            name=path.stem,
            patient=str(archive["patient"]),
            origin="own",
            stage=str(archive["stage"]),
            pixel_spacing_mm=(row_mm, column_mm),
            stiffness=archive["stiffness"],
            confidence=archive["confidence"],
            magnitude=magnitude,
            bright=bright_magnitude(magnitude) if magnitude is not None else 0.0,
            liver=archive["liver"],
            masked=bool(archive["masked"]),
            facts=json.loads(str(archive["facts"])),
            made_by=str(archive["made_by"]),
        )


def split_of_exam(exam: Exam) -> Split:
    """Assign an exam to a split, the same one for all exams of a patient (see `training.cohort.store.split_of`)."""
    if exam.origin == "simulated":
        return split_of(int(exam.name.removeprefix("exam-")))
    return split_of(int(digest_of(exam.patient), 16))


def read_exams(folders: Sequence[Path], split: Split | None = None, limit: int | None = None) -> list[Exam]:
    """Read the exams of cohort folders, simulated and own.

    Parameters
    ----------
    folders : where the files are
    split : the split to read; None reads every exam
    limit : largest number of exams

    Returns
    -------
    Exams ordered by folder and name.

    Raises
    ------
    CohortError
        If a folder is missing, no exam is found, or two have one name.

    """
    exams: dict[str, Exam] = {}
    for folder in folders:
        if not folder.is_dir():
            message = (
                f"the cohort folder {folder.name} does not exist: simulate a cohort or prepare your own data first"
            )
            raise CohortError(message)
        for path in [*list_exams(folder), *sorted(folder.glob(f"{_OWN_PREFIX}*.npz"))]:
            if limit is not None and len(exams) >= limit:
                break
            # The name alone tells the split of a simulated exam: nothing is read in vain.
            own = path.name.startswith(_OWN_PREFIX)
            if not own and split not in {None, split_of(int(path.stem.removeprefix("exam-")))}:
                continue
            exam = own_exam(path) if own else simulated_exam(path)
            if split not in {None, split_of_exam(exam)}:
                continue
            if exam.name in exams:
                message = f"{path.name} is in two of the cohort folders: give each exam once"
                raise CohortError(message)
            exams[exam.name] = exam
    if not exams:
        which = f"of the {split} split " if split else ""
        message = f"no exam {which}was found: simulate more exams, prepare more data, or choose another split"
        raise CohortError(message)
    return list(exams.values())

"""Exams for training and evaluation, simulated or a site's own, and the files of own exams."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from liver_mre.stiffness.magnitude import bright_magnitude
from liver_mre.stiffness.volume import StiffnessVolume
from simulation.planning.physics import FAMILIES, LABEL_MAPS
from training.cohort.store import KPA_PER_COUNT, Fact, Split, StoredMaps, list_exams, load_exam, split_of
from training.errors import CohortError
from training.files import write_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Origin = Literal["simulated", "own"]

STAGES = ("F0", "F1", "F2", "F3", "F4")
"""METAVIR."""
OWN_SCHEMA_VERSION = "1.0"
_OWN_PREFIX = "own-"
_DIGEST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Exam(StoredMaps):
    """One exam with its true liver; its stiffness is unmasked unless `masked`."""

    name: str  # pseudonym: "exam-00000017", "own-3f9a12c0b7de"
    patient: str  # pseudonym of the patient
    origin: Origin
    stage: str  # METAVIR stage "F0" to "F4", "" if unknown
    magnitude: NDArray[np.number] | None  # (S, R, C), any unit, or None
    bright: float  # magnitude that is scaled to 1 in the network's input
    liver: NDArray[np.bool_]  # (S, R, C), as simulated or as outlined by a reader
    masked: bool  # True if only the masked elastogram exists
    facts: Mapping[str, Fact]  # further properties, for subgroup tables
    made_by: str  # digest of the simulator's source; "DICOM" for an own exam

    @property
    def has_rare_anatomy(self) -> bool:
        """True for livers after resection and for slices at the end of the liver, in simulated exams."""
        return self.facts.get("resection", 0.0) != 0.0 or self.facts.get("failure") == "anatomical masking"

    @property
    def confident_pixels(self) -> NDArray[np.bool_]:
        """(S, R, C) bool: confident pixels with a stiffness."""
        return self.confident() & (self.stiffness > 0)

    @property
    def true_kpa(self) -> float:
        """Mean stiffness (kPa) of the confident pixels of the true liver; NaN if there are none."""
        pixels = self.stiffness[self.liver & self.confident_pixels]
        return float(pixels.mean(dtype=np.float64)) * KPA_PER_COUNT if pixels.size else float("nan")

    def volume(self, *, masked: bool) -> StiffnessVolume:
        """Return the exam as the application reads it, from its masked or unmasked elastogram."""
        valid = self.confident_pixels if masked or self.masked else self.stiffness > 0
        stiffness_kpa = np.where(valid, self.stiffness_kpa, np.float32(0))
        return StiffnessVolume(
            stiffness_kpa, valid, self.confident_pixels, (), self.pixel_spacing_mm, masked=masked or self.masked
        )


def load_simulated_exam(path: Path) -> Exam:
    """Read one exam of a simulated cohort; raises `CohortError` if the file has another schema version."""
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
    """Return the pseudonym of an own exam."""
    return _OWN_PREFIX + digest_of(f"{study_instance_uid} {series_instance_uid}")


def digest_of(text: str) -> str:
    """Return the first 12 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]


def save_own(folder: Path, exam: Exam) -> Path:
    """Write an own exam; the file appears under its name only when complete."""
    target = folder / f"{exam.name}.npz"
    magnitude = exam.magnitude if exam.magnitude is not None else np.zeros(0, np.float32)
    texts = {
        "patient": exam.patient,
        "stage": exam.stage,
        "facts": json.dumps(dict(exam.facts)),
        "made_by": exam.made_by,
    }
    arrays = {
        "own_schema_version": np.array(OWN_SCHEMA_VERSION),
        "pixel_spacing_mm": np.array(exam.pixel_spacing_mm, dtype=np.float64),
        "stiffness": exam.stiffness,
        "confidence": exam.confidence,
        "magnitude": magnitude,
        "liver": exam.liver,
        "masked": np.array(exam.masked),
    }
    write_arrays(target, arrays | {name: np.array(text) for name, text in texts.items()})
    return target


def load_own_exam(path: Path) -> Exam:
    """Read an exam written by `save_own`; raises `CohortError` if the file has another schema version."""
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
    """Assign an exam to a split, the same for all exams of a patient (`training.cohort.store.split_of`)."""
    if exam.origin == "simulated":
        return split_of(int(exam.name.removeprefix("exam-")))
    return split_of(int(digest_of(exam.patient), 16))


def read_exams(folders: Sequence[Path], split: Split | None = None, limit: int | None = None) -> list[Exam]:
    """Read the exams of cohort folders, simulated and own, ordered by folder and name.

    At most `limit` exams of one split, or of all. Raises `CohortError` if a folder is missing, no exam is found, or two
    have the same name.
    """
    exams: dict[str, Exam] = {}
    for folder in folders:
        if not folder.is_dir():
            message = f"the cohort folder {folder.name} does not exist: simulate a cohort or prepare your own data"
            raise CohortError(message)
        for path in [*list_exams(folder), *sorted(folder.glob(f"{_OWN_PREFIX}*.npz"))]:
            if limit is not None and len(exams) >= limit:
                break
            # The name tells the split of a simulated exam; others need not be read.
            own = path.name.startswith(_OWN_PREFIX)
            if not own and split not in {None, split_of(int(path.stem.removeprefix("exam-")))}:
                continue
            exam = load_own_exam(path) if own else load_simulated_exam(path)
            if split not in {None, split_of_exam(exam)}:
                continue
            if exam.name in exams:
                message = f"{path.name} is in two of the cohort folders: pass each exam once"
                raise CohortError(message)
            exams[exam.name] = exam
    if not exams:
        which = f"of the {split} split " if split else ""
        message = f"no exam {which}was found: simulate more exams, prepare more data, or choose another split"
        raise CohortError(message)
    return list(exams.values())


def without_family(exams: Sequence[Exam], name: str) -> list[Exam]:
    """Return the exams that share no component of physics with a family, nor its label maps; all if `name` is empty."""
    if not name:
        return list(exams)
    left_out = FAMILIES[name]
    components = ("waves", "inversion", "confidence", "magnitude")
    return [
        exam
        for exam in exams
        if exam.facts.get("physics_anatomy") != LABEL_MAPS
        and all(exam.facts.get(f"physics_{part}") != getattr(left_out, part) for part in components)
    ]

"""Files of a simulated training cohort: one compressed archive an exam, in integer counts.

The masked stiffness is not stored: it is derived from stiffness and confidence, at the usual threshold or at
another one (training draws the threshold at random).
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

SCHEMA_VERSION = "1.0"
KPA_PER_COUNT = 0.01  # the resolution of a Siemens stiffness image, so that training sees what a scanner stores
CONFIDENCE_PER_COUNT = 0.0001
CONFIDENCE_THRESHOLD = 0.95
_UINT16_MAX = 65535
_SPLIT_BUCKETS = 100
_TEST_BUCKETS = 10
_VALIDATION_BUCKETS = 5

Split = Literal["train", "validation", "test"]


class CohortError(Exception):
    """A cohort file or folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """One simulated exam as training needs it.

    Attributes
    ----------
    seed : the simulator's seed
    stiffness : (S, R, C) uint16, counts of 0.01 kPa
    confidence : (S, R, C) uint16, counts of 0.0001
    liver : (S, R, C) bool, the simulated liver
    pixel_spacing_mm : (row spacing, column spacing)
    stage : simulated METAVIR stage, "F0" to "F4"
    liver_stiffness_kpa : simulated stiffness of the parenchyma
    simulator : digest of the simulator's source (see `simulator_digest`)

    """

    seed: int
    stiffness: NDArray[np.uint16]
    confidence: NDArray[np.uint16]
    liver: NDArray[np.bool_]
    pixel_spacing_mm: tuple[float, float]
    stage: str
    liver_stiffness_kpa: float
    simulator: str

    def confident(self, threshold: float = CONFIDENCE_THRESHOLD) -> NDArray[np.bool_]:
        """Return (S, R, C) bool: pixels whose confidence reaches the threshold."""
        return self.confidence >= confidence_counts(threshold)

    def masked_stiffness_kpa(self, threshold: float = CONFIDENCE_THRESHOLD) -> NDArray[np.float32]:
        """Return (S, R, C) float32: stiffness in kPa, 0 where the confidence is under the threshold."""
        counts = np.where(self.confident(threshold), self.stiffness, np.uint16(0))
        return counts.astype(np.float32) * np.float32(KPA_PER_COUNT)


def confidence_counts(confidence: float) -> int:
    """Return the smallest stored count that stands for at least this confidence."""
    return round(confidence / CONFIDENCE_PER_COUNT)


def quantise_stiffness(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Round kPa to uint16 counts of 0.01 kPa, saturating at the largest count."""
    return np.clip(np.rint(stiffness_kpa / KPA_PER_COUNT), 0, _UINT16_MAX).astype(np.uint16)


def quantise_confidence(confidence: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Floor a confidence in [0, 1] to uint16 counts of 0.0001.

    Floored, so that a pixel under the threshold never passes it by rounding; the small offset undoes float32
    representation error.
    """
    counts = np.floor(confidence.astype(np.float64) / CONFIDENCE_PER_COUNT + 1e-3)
    return np.clip(counts, 0, round(1 / CONFIDENCE_PER_COUNT)).astype(np.uint16)


def exam_path(folder: Path, seed: int) -> Path:
    """Return the file of one exam."""
    return folder / f"exam-{seed:08d}.npz"


def seed_of(path: Path) -> int:
    """Return the seed in a cohort file's name.

    Raises
    ------
    CohortError
        If the name is not of the form exam-<seed>.npz.

    """
    digits = path.stem.removeprefix("exam-")
    if not digits.isdigit():
        message = f"{path.name} is no cohort file: its name must be exam-<seed>.npz"
        raise CohortError(message)
    return int(digits)


def list_exams(folder: Path) -> list[Path]:
    """Return the finished files of a cohort, ordered by seed."""
    return sorted(folder.glob("exam-*.npz"))


def save_exam(folder: Path, record: ExamRecord) -> Path:
    """Write one exam; the file appears under its name only once it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    target = exam_path(folder, record.seed)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as stream:
        np.savez_compressed(
            stream,
            schema_version=np.array(SCHEMA_VERSION),
            seed=np.array(record.seed, dtype=np.int64),
            stiffness=record.stiffness,
            confidence=record.confidence,
            liver=np.packbits(record.liver),
            pixel_spacing_mm=np.array(record.pixel_spacing_mm, dtype=np.float64),
            stage=np.array(record.stage),
            liver_stiffness_kpa=np.array(record.liver_stiffness_kpa, dtype=np.float64),
            simulator=np.array(record.simulator),
        )
        temporary = Path(stream.name)
    temporary.replace(target)
    return target


def load_exam(path: Path) -> ExamRecord:
    """Read one exam.

    Raises
    ------
    CohortError
        If the file was written under another schema.

    """
    with np.load(path, allow_pickle=False) as archive:
        found = str(archive["schema_version"])
        if found != SCHEMA_VERSION:
            message = f"{path.name} has cohort schema {found}, this code reads {SCHEMA_VERSION}: simulate it again"
            raise CohortError(message)
        stiffness = archive["stiffness"]
        liver = np.unpackbits(archive["liver"], count=stiffness.size).astype(np.bool_).reshape(stiffness.shape)
        row_mm, column_mm = (float(value) for value in archive["pixel_spacing_mm"])
        return ExamRecord(
            seed=int(archive["seed"]),
            stiffness=stiffness,
            confidence=archive["confidence"],
            liver=liver,
            pixel_spacing_mm=(row_mm, column_mm),
            stage=str(archive["stage"]),
            liver_stiffness_kpa=float(archive["liver_stiffness_kpa"]),
            simulator=str(archive["simulator"]),
        )


def split_of(seed: int) -> Split:
    """Assign an exam to a split: 85 % train, 5 % validation, 10 % test.

    The split depends on the exam's seed alone, so all slices of an exam stay together and an exam keeps its
    split while the cohort grows.
    """
    bucket = int.from_bytes(hashlib.sha256(f"exam {seed}".encode()).digest()[:4], "big") % _SPLIT_BUCKETS
    if bucket < _TEST_BUCKETS:
        return "test"
    return "validation" if bucket < _TEST_BUCKETS + _VALIDATION_BUCKETS else "train"


def source_digest(sources: Iterable[Path]) -> str:
    """Return the first 16 hex digits of the SHA-256 over files' names and contents, ordered by name."""
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda item: item.name):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

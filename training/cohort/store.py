"""Files of a simulated cohort: one compressed NumPy archive per exam, in integer counts.

The masked elastogram is not stored: it follows from stiffness and confidence at any threshold.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from liver_mre.stiffness.waves import compress_amplitude
from training.errors import CohortError
from training.files import write_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SCHEMA_VERSION = "2.0"
KPA_PER_COUNT = 0.01  # as in a Siemens stiffness image
CONFIDENCE_PER_COUNT = 0.0001
CONFIDENCE_THRESHOLD = 0.95
MAGNITUDE_COUNTS = 200  # for the exam's 99th percentile inside the body; brighter pixels still fit into a byte
_UINT8_MAX = 255
_UINT16_MAX = 65535
_ARRAYS = ("stiffness", "confidence", "magnitude", "tissue", "true_stiffness")
_OPTIONAL = ("wave", "residual", "reference")
_SPLIT_BUCKETS = 100
_TEST_BUCKETS = 10
_VALIDATION_BUCKETS = 5

Split = Literal["train", "validation", "test"]
Fact = str | float | bool


@dataclass(frozen=True, slots=True)
class StoredMaps:
    """Stiffness and confidence of S slices of R rows and C columns, in counts."""

    pixel_spacing_mm: tuple[float, float]  # (row spacing, column spacing)
    stiffness: NDArray[np.uint16]  # (S, R, C), counts of 0.01 kPa
    confidence: NDArray[np.uint16]  # (S, R, C), counts of 0.0001

    @property
    def stiffness_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) float32: stiffness in kPa."""
        return self.stiffness.astype(np.float32) * np.float32(KPA_PER_COUNT)

    @property
    def pixel_area_cm2(self) -> float:
        """Area of one pixel in cm2."""
        return self.pixel_spacing_mm[0] * self.pixel_spacing_mm[1] / 100.0

    def confident(self, threshold: float = CONFIDENCE_THRESHOLD) -> NDArray[np.bool_]:
        """Return (S, R, C) bool: pixels whose confidence reaches the threshold."""
        return self.confidence >= confidence_counts(threshold)


@dataclass(frozen=True, slots=True)
class ExamRecord(StoredMaps):
    """One simulated exam; its stiffness is unmasked, and 0 in air."""

    seed: int  # the simulator's seed
    stage: str  # simulated METAVIR stage, "F0" to "F4"
    liver_stiffness_kpa: float  # mean modulus of the parenchyma in the simulation
    magnitude: NDArray[np.uint8]  # (S, R, C); 200 counts are the exam's 99th percentile inside the body
    liver: NDArray[np.bool_]  # (S, R, C), true liver including vessels and lesions, without the gallbladder
    tissue: NDArray[np.uint8]  # (S, R, C), values of `simulation.types.Tissue`
    true_stiffness: NDArray[np.uint16]  # (S, R, C), counts of 0.01 kPa, modulus in the wave equation
    measurable: NDArray[np.bool_]  # (S, R, C), parenchyma away from its edges where the wave exceeds the noise
    failure: str  # why slices of the exam are not diagnostic (`simulation.types.Failure`); "" if all are
    slice_failures: tuple[str, ...]  # (S,) the same per slice
    facts: Mapping[str, Fact]  # simulation parameters and results by name
    simulator: str  # digest of the simulator's source (`training.cohort.simulate.simulator_digest`)
    wave: NDArray[np.uint8] | None = None  # (S, R, C), `quantise_wave` of the amplitude; None in cohorts without waves
    residual: NDArray[np.uint8] | None = None  # (S, R, C), `quantise_wave` of the phase residual
    reference: NDArray[np.uint16] | None = None  # (S, R, C), counts of 0.01 kPa, read without noise and failure

    @property
    def true_stiffness_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) float32: true stiffness in kPa."""
        return self.true_stiffness.astype(np.float32) * np.float32(KPA_PER_COUNT)

    @property
    def reference_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) float32: stiffness that the same scanner would read without noise and failure.

        Cohorts of the standard physics do not hold it; there it is the true stiffness.
        """
        return self.true_stiffness_kpa if self.reference is None else self.reference * np.float32(KPA_PER_COUNT)

    @property
    def out_of_domain(self) -> str:
        """What the exam is if not an axial elastogram of a liver in its normal position; otherwise ""."""
        return str(self.facts.get("unlike", ""))


def confidence_counts(confidence: float) -> int:
    """Return a confidence in [0, 1] as a stored count."""
    return round(confidence / CONFIDENCE_PER_COUNT)


def quantise_stiffness(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Round kPa to uint16 counts of 0.01 kPa, saturating at the largest count."""
    counts: NDArray[np.uint16] = np.clip(np.rint(stiffness_kpa / KPA_PER_COUNT), 0, _UINT16_MAX).astype(np.uint16)
    return counts


def quantise_confidence(confidence: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Round a confidence in [0, 1] down to uint16 counts of 0.0001.

    Down, so that rounding lifts no pixel above the threshold; the offset undoes float32 representation error.
    """
    counts = np.floor(confidence.astype(np.float64) / CONFIDENCE_PER_COUNT + 1e-3)
    return np.clip(counts, 0, round(1 / CONFIDENCE_PER_COUNT)).astype(np.uint16)


def quantise_magnitude(magnitude: NDArray[np.floating], body: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Scale an exam's magnitude to uint8: the 99th percentile inside the body becomes 200 counts.

    Parameters
    ----------
    magnitude : (S, R, C), any unit, not negative
    body : (S, R, C) bool, pixels that are not air
    """
    bright = float(np.percentile(magnitude[body], 99.0)) if body.any() else 0.0
    scale = MAGNITUDE_COUNTS / bright if bright > 0.0 else 0.0
    counts: NDArray[np.uint8] = np.clip(np.rint(magnitude * scale), 0, _UINT8_MAX).astype(np.uint8)
    return counts


def quantise_wave(amplitude_rad: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Compress phase amplitudes (rad) to uint8 (`compress_amplitude`)."""
    counts: NDArray[np.uint8] = np.rint(_UINT8_MAX * compress_amplitude(amplitude_rad)).astype(np.uint8)
    return counts


def exam_path(folder: Path, seed: int) -> Path:
    """Return the path of an exam's file."""
    return folder / f"exam-{seed:08d}.npz"


def seed_of(path: Path) -> int:
    """Return the seed in a cohort file's name; raises `CohortError` if the name is not of the form exam-<seed>.npz."""
    digits = path.stem.removeprefix("exam-")
    if not digits.isdigit():
        message = f"{path.name} is not a cohort file: its name must be exam-<seed>.npz"
        raise CohortError(message)
    return int(digits)


def list_exams(folder: Path) -> list[Path]:
    """Return the exam files of a cohort, ordered by seed."""
    return sorted(folder.glob("exam-*.npz"))


def cohort_files(folders: Iterable[Path], limit: int | None = None) -> list[Path]:
    """Return the exam files of simulated cohorts, at most `limit` of each.

    Raises `CohortError` if a folder holds no simulated exam.
    """
    files: list[Path] = []
    for folder in folders:
        found = list_exams(folder)[:limit]
        if not found:
            message = f"{folder.name} contains no simulated exam: simulate a cohort first"
            raise CohortError(message)
        files += found
    return files


def save_exam(folder: Path, record: ExamRecord) -> Path:
    """Write one exam; the file appears under its name only when complete."""
    target = exam_path(folder, record.seed)
    arrays: dict[str, NDArray[Any]] = {
        "schema_version": np.array(SCHEMA_VERSION),
        "seed": np.array(record.seed, dtype=np.int64),
        "stage": np.array(record.stage),
        "liver_stiffness_kpa": np.array(record.liver_stiffness_kpa, dtype=np.float64),
        "pixel_spacing_mm": np.array(record.pixel_spacing_mm, dtype=np.float64),
        "stiffness": record.stiffness,
        "confidence": record.confidence,
        "magnitude": record.magnitude,
        "liver": np.packbits(record.liver),
        "tissue": record.tissue,
        "true_stiffness": record.true_stiffness,
        "measurable": np.packbits(record.measurable),
        "failure": np.array(record.failure),
        "slice_failures": np.array(json.dumps(record.slice_failures)),
        "facts": np.array(json.dumps(dict(record.facts))),
        "simulator": np.array(record.simulator),
    }
    optional = {name: array for name in _OPTIONAL if (array := getattr(record, name)) is not None}
    write_arrays(target, arrays | optional)
    return target


def load_exam(path: Path) -> ExamRecord:
    """Read one exam; raises `CohortError` if the file has another schema version."""
    with np.load(path, allow_pickle=False) as archive:
        found = str(archive["schema_version"])
        if found != SCHEMA_VERSION:
            message = (
                f"{path.name} has cohort schema {found}, this code reads {SCHEMA_VERSION}: "
                "simulate the cohort again into another folder"
            )
            raise CohortError(message)
        shape = archive["stiffness"].shape
        row_mm, column_mm = (float(value) for value in archive["pixel_spacing_mm"])
        return ExamRecord(
            seed=int(archive["seed"]),
            stage=str(archive["stage"]),
            liver_stiffness_kpa=float(archive["liver_stiffness_kpa"]),
            pixel_spacing_mm=(row_mm, column_mm),
            liver=_unpack(archive["liver"], shape),
            measurable=_unpack(archive["measurable"], shape),
            failure=str(archive["failure"]),
            slice_failures=tuple(json.loads(str(archive["slice_failures"]))),
            facts=json.loads(str(archive["facts"])),
            simulator=str(archive["simulator"]),
            **{name: archive[name] for name in (*_ARRAYS, *_OPTIONAL) if name in archive},
        )


def _unpack(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=int(np.prod(shape))).astype(np.bool_).reshape(shape)


def split_of(seed: int) -> Split:
    """Assign an exam to a split by its seed alone: 85 % train, 5 % validation, 10 % test.

    An exam therefore keeps its split while the cohort grows.
    """
    bucket = int.from_bytes(hashlib.sha256(f"exam {seed}".encode()).digest()[:4], "big") % _SPLIT_BUCKETS
    if bucket < _TEST_BUCKETS:
        return "test"
    return "validation" if bucket < _TEST_BUCKETS + _VALIDATION_BUCKETS else "train"


def source_digest(sources: Iterable[Path]) -> str:
    """Return the first 16 hex digits of the SHA-256 over file names and contents, ordered by name."""
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda item: item.name):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

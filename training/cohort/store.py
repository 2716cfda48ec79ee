"""Files of a simulated training cohort: one compressed archive an exam, in integer counts.

The masked stiffness is not stored: it is derived from stiffness and confidence, at the usual threshold or at
another one (training draws the threshold at random).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from liver_mre.core.quality.waves import shown_amplitude

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

SCHEMA_VERSION = "2.0"
KPA_PER_COUNT = 0.01  # the resolution of a Siemens stiffness image, so that training sees what a scanner stores
CONFIDENCE_PER_COUNT = 0.0001
CONFIDENCE_THRESHOLD = 0.95
MAGNITUDE_COUNTS = 200  # of the exam's 99th percentile inside the body; a byte leaves room for brighter pixels
_UINT8_MAX = 255
_UINT16_MAX = 65535
_OPTIONAL = ("wave", "residual")
_SPLIT_BUCKETS = 100
_TEST_BUCKETS = 10
_VALIDATION_BUCKETS = 5

Split = Literal["train", "validation", "test"]
Fact = str | float | bool


class CohortError(Exception):
    """A cohort file or folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """One simulated exam as training needs it; exams differ in matrix and pixel size.

    Attributes
    ----------
    seed : the simulator's seed
    stage : simulated METAVIR stage, "F0" to "F4"
    liver_stiffness_kpa : simulated mean stiffness of the parenchyma
    pixel_spacing_mm : (row spacing, column spacing)
    stiffness : (S, R, C) uint16, counts of 0.01 kPa; not masked, 0 in air
    confidence : (S, R, C) uint16, counts of 0.0001
    magnitude : (S, R, C) uint8; 200 counts are the exam's 99th percentile inside the body
    liver : (S, R, C) bool, the simulated liver with its vessels and lesions, without the gallbladder
    tissue : (S, R, C) uint8, values of `simulation.types.Tissue`: parenchyma, vessels, gallbladder and the rest
    true_stiffness : (S, R, C) uint16, counts of 0.01 kPa of the modulus in the wave equation
    measurable : (S, R, C) bool, parenchyma away from its edges in which the true wave stands out of the noise
    failure : why slices of the exam are not diagnostic, "" where all are (`simulation.types.Failure`)
    slice_failures : (S,) cause by which each slice is not diagnostic, "" where it is
    facts : what was varied and what came of it: names to text, numbers and yes or no
    simulator : digest of the simulator's source (see `training.cohort.simulate.simulator_digest`)
    wave, residual : (S, R, C) uint8, 255 times `liver_mre.core.quality.waves.shown_amplitude` of the wave's amplitude
        and of what no wave explains in the phase; None in a cohort that does not keep them

    """

    seed: int
    stage: str
    liver_stiffness_kpa: float
    pixel_spacing_mm: tuple[float, float]
    stiffness: NDArray[np.uint16]
    confidence: NDArray[np.uint16]
    magnitude: NDArray[np.uint8]
    liver: NDArray[np.bool_]
    tissue: NDArray[np.uint8]
    true_stiffness: NDArray[np.uint16]
    measurable: NDArray[np.bool_]
    failure: str
    slice_failures: tuple[str, ...]
    facts: Mapping[str, Fact]
    simulator: str
    wave: NDArray[np.uint8] | None = None
    residual: NDArray[np.uint8] | None = None

    @property
    def stiffness_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) stiffness in kPa, not masked."""
        return self.stiffness.astype(np.float32) * np.float32(KPA_PER_COUNT)

    @property
    def true_stiffness_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) true stiffness in kPa."""
        return self.true_stiffness.astype(np.float32) * np.float32(KPA_PER_COUNT)

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


def quantise_magnitude(magnitude: NDArray[np.floating], body: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Scale an exam's magnitude to bytes: the 99th percentile inside the body becomes 200 counts.

    Parameters
    ----------
    magnitude : (S, R, C), any unit, not negative
    body : (S, R, C) pixels that are not air

    """
    bright = float(np.percentile(magnitude[body], 99.0)) if body.any() else 0.0
    scale = MAGNITUDE_COUNTS / bright if bright > 0.0 else 0.0
    return np.clip(np.rint(magnitude * scale), 0, _UINT8_MAX).astype(np.uint8)


def quantise_wave(amplitude_rad: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Bring phase amplitudes (rad) of every size into a byte."""
    return np.rint(_UINT8_MAX * shown_amplitude(amplitude_rad)).astype(np.uint8)


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
    write_whole(
        target,
        schema_version=np.array(SCHEMA_VERSION),
        seed=np.array(record.seed, dtype=np.int64),
        stage=np.array(record.stage),
        liver_stiffness_kpa=np.array(record.liver_stiffness_kpa, dtype=np.float64),
        pixel_spacing_mm=np.array(record.pixel_spacing_mm, dtype=np.float64),
        stiffness=record.stiffness,
        confidence=record.confidence,
        magnitude=record.magnitude,
        liver=np.packbits(record.liver),
        tissue=record.tissue,
        true_stiffness=record.true_stiffness,
        measurable=np.packbits(record.measurable),
        failure=np.array(record.failure),
        slice_failures=np.array(json.dumps(record.slice_failures)),
        facts=np.array(json.dumps(dict(record.facts))),
        simulator=np.array(record.simulator),
        **{name: array for name in _OPTIONAL if (array := getattr(record, name)) is not None},
    )
    return target


def write_whole(target: Path, **arrays: NDArray[Any]) -> None:
    """Write a compressed archive of arrays; the file appears under its name only once it is complete."""
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as stream:
        np.savez_compressed(stream, **arrays)
        temporary = Path(stream.name)
    temporary.replace(target)


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
            message = (
                f"{path.name} has cohort schema {found}, this code reads {SCHEMA_VERSION}: "
                "simulate the cohort again into another folder"
            )
            raise CohortError(message)
        stiffness = archive["stiffness"]
        row_mm, column_mm = (float(value) for value in archive["pixel_spacing_mm"])
        return ExamRecord(
            seed=int(archive["seed"]),
            stage=str(archive["stage"]),
            liver_stiffness_kpa=float(archive["liver_stiffness_kpa"]),
            pixel_spacing_mm=(row_mm, column_mm),
            stiffness=stiffness,
            confidence=archive["confidence"],
            magnitude=archive["magnitude"],
            liver=_unpack(archive["liver"], stiffness.shape),
            tissue=archive["tissue"],
            true_stiffness=archive["true_stiffness"],
            measurable=_unpack(archive["measurable"], stiffness.shape),
            failure=str(archive["failure"]),
            slice_failures=tuple(json.loads(str(archive["slice_failures"]))),
            facts=json.loads(str(archive["facts"])),
            simulator=str(archive["simulator"]),
            **{name: archive[name] for name in _OPTIONAL if name in archive},
        )


def _unpack(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=int(np.prod(shape))).astype(np.bool_).reshape(shape)


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

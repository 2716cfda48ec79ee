"""Types of a simulated exam.

Arrays are (slice, row, column), of one shape (S, R, C) per exam. Slice 0 is the uppermost, row 0 anterior, column 0 the
patient's right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Fact = str | float | bool


class Tissue(IntEnum):
    """Label of one pixel of the simulated anatomy."""

    AIR = 0
    SUBCUTANEOUS_FAT = 1
    MUSCLE = 2
    VISCERAL_FAT = 3
    LIVER = 4
    LIVER_VESSEL = 5
    GALLBLADDER = 6
    SPLEEN = 7
    STOMACH = 8
    KIDNEY = 9
    SPINE = 10
    AORTA = 11
    VENA_CAVA = 12
    LUNG = 13
    BOWEL = 14
    ASCITES = 15
    LESION = 16
    CYST = 17


LIVER_TISSUES = (Tissue.LIVER, Tissue.LIVER_VESSEL, Tissue.LESION, Tissue.CYST)
"""Tissues inside a reader's outline of the liver."""


class Failure(StrEnum):
    """Why an exam or a slice is not diagnostic."""

    NONE = ""
    NO_WAVES = "no waves"
    WEAK_DRIVER = "weak driver"
    MISPLACED_DRIVER = "misplaced driver"
    LOW_SIGNAL = "low signal"
    BREATHING = "breathing"
    POOR_PROPAGATION = "poor propagation"
    ANATOMICAL_MASKING = "anatomical masking"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Settings of the sequence; the defaults are the GRE of Su 2025 (doi 10.2196/80351)."""

    sequence: str = "gre"  # "gre" or "epi" (spin-echo EPI)
    field_t: float = 1.5
    echo_time_ms: float = 22.7
    rows: int = 204
    columns: int = 256
    pixel_mm: float = 1.5625  # pixel size, square

    @property
    def matrix(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns


@dataclass(frozen=True, slots=True)
class Truth:
    """Ground truth of an exam."""

    tissue: NDArray[np.uint8]  # (S, R, C), values of `Tissue`
    liver: NDArray[np.bool_]  # (S, R, C), liver with vessels and lesions, without the gallbladder
    true_stiffness_kpa: NDArray[np.float32]  # (S, R, C), 2|G|^2/(G'+|G|) of the modulus in the wave equation; 0 in air
    stage: str  # METAVIR stage, "F0" to "F4"
    liver_stiffness_kpa: float  # mean true stiffness of the parenchyma
    # (S, R, C) bool, parenchyma away from its edges where the true wave exceeds the noise; None if unknown
    measurable: NDArray[np.bool_] | None = None
    failure: Failure = Failure.NONE  # the most frequent cause where slices differ
    slice_failures: tuple[Failure, ...] = ()  # (S,) why each slice is not diagnostic; empty if unknown
    # (S, R, C) kPa that the same scanner would read of the patient without noise and failure; None in standard physics
    reference_kpa: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class SimulatedExam:
    """One simulated exam in physical units, before encoding as DICOM."""

    seed: int  # reproduces the exam
    pixel_spacing_mm: tuple[float, float]  # (row spacing, column spacing)
    slice_thickness_mm: float
    slice_spacing_mm: float  # distance of slice centres
    frequency_hz: float  # driver frequency
    magnitude: NDArray[np.float32]  # (S, R, C), arbitrary units, 0 to about 1000
    phase_rad: NDArray[np.float32]  # (K, S, R, C), K phase offsets, wrapped to [-pi, pi)
    wave_um: NDArray[np.float32]  # (K', S, R, C), filtered displacement at K' offsets over one period
    stiffness_kpa: NDArray[np.float32]  # (S, R, C), inversion result over the whole body, exactly 0 in air
    confidence: NDArray[np.float32]  # (S, R, C) in [0, 1]
    t2: NDArray[np.float32]  # (S, R, C), T2-weighted anatomy of the same slices, arbitrary units
    truth: Truth  # ground truth
    protocol: Protocol = Protocol()  # settings of the sequence
    recipe: str = ""  # what was asked for beside the seed; empty for the defaults. Part of the UIDs
    facts: Mapping[str, Fact] = field(default_factory=dict)  # parameters and results by name, for tables

"""Frozen types of a simulated exam.

Array axes are (slice, row, column) throughout; row 0 is anterior, column 0 is the patient's right
(the usual axial display). Every array of one exam shares the same shape (S, R, C).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulator knows and no scanner tells.

    Attributes
    ----------
    tissue : (S, R, C) uint8, values of `Tissue`
    liver : (S, R, C) bool, liver with its inner vessels, without the gallbladder
    true_stiffness_kpa : (S, R, C) float32, stiffness 2|G|^2/(G'+|G|) of the modulus used in the wave equation; 0 in air
    stage : METAVIR stage the exam was drawn from, "F0" to "F4"
    liver_stiffness_kpa : mean true stiffness of the parenchyma
    """

    tissue: NDArray[np.uint8]
    liver: NDArray[np.bool_]
    true_stiffness_kpa: NDArray[np.float32]
    stage: str
    liver_stiffness_kpa: float


@dataclass(frozen=True, slots=True)
class SimulatedExam:
    """One simulated MRE exam, in physical units, before any scanner's encoding.

    Attributes
    ----------
    seed : the seed that reproduces it
    pixel_spacing_mm : (row spacing, column spacing)
    slice_thickness_mm, slice_spacing_mm : thickness, and distance between slice centres
    frequency_hz : driver frequency
    magnitude : (S, R, C) float32, arbitrary units, 0 to about 1000
    phase_rad : (K, S, R, C) float32, K phase offsets, wrapped to [-pi, pi)
    wave_um : (K', S, R, C) float32, filtered displacement at K' offsets over one period
    stiffness_kpa : (S, R, C) float32, inversion result over the whole body, exactly 0 in air
    confidence : (S, R, C) float32 in [0, 1]
    t2 : (S, R, C) float32, T2-weighted anatomy of the same slices, arbitrary units
    truth : what the simulator knows
    """

    seed: int
    pixel_spacing_mm: tuple[float, float]
    slice_thickness_mm: float
    slice_spacing_mm: float
    frequency_hz: float
    magnitude: NDArray[np.float32]
    phase_rad: NDArray[np.float32]
    wave_um: NDArray[np.float32]
    stiffness_kpa: NDArray[np.float32]
    confidence: NDArray[np.float32]
    t2: NDArray[np.float32]
    truth: Truth

"""What a measurement is held against in simulated exams: the elastogram's mean where it is known to be the liver's own.

The inversion's own bias is the scanner's, so the truth is read from the elastogram: its mean over the true parenchyma,
away from vessels, gallbladder, edges and hot spots, where the confidence reaches 95 %. How far that is from the modulus
in the wave equation is told beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.core.roi.shapes import deeper_than, local_mean, near
from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume
from simulation.outcome import EDGE_MM
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord

WALL: Final = (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE)
HOT_REACH_MM: Final = 30.0
HOT_EXCESS: Final = 1.4
"""Ours: a hot spot is where the elastogram, near the body wall, exceeds the true modulus by 40 % and more."""
HOT_SIGMA_MM: Final = 2.0
LEAST_CM2: Final = 5.0
"""Ours: with less of the truth there is nothing to hold a measurement against."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true for one exam.

    Attributes
    ----------
    region : (S, R, C) bool
    stiffness_kpa : the elastogram's area-weighted mean over it; NaN where it is smaller than `LEAST_CM2`
    modulus_kpa : mean of the modulus in the wave equation over the parenchyma of all slices
    area_cm2 : of the region
    """

    region: NDArray[np.bool_]
    stiffness_kpa: float
    modulus_kpa: float
    area_cm2: float

    @property
    def known(self) -> bool:
        """True if the truth is large enough to hold a measurement against."""
        return math.isfinite(self.stiffness_kpa)


def truth_of(record: ExamRecord) -> Truth:
    """Return what a measurement of a simulated exam is held against."""
    spacing = record.pixel_spacing_mm
    parenchyma = record.tissue == Tissue.LIVER
    confident = record.confident() & (record.stiffness > 0)
    own = deeper_than(parenchyma, EDGE_MM, spacing) & confident
    region = own & ~_hot(record, confident)
    area_cm2 = float(np.count_nonzero(region)) * spacing[0] * spacing[1] / 100.0
    mean = float(record.stiffness_kpa[region].mean(dtype=np.float64)) if area_cm2 >= LEAST_CM2 else math.nan
    return Truth(region, mean, record.liver_stiffness_kpa, area_cm2)


def volume_of(record: ExamRecord) -> StiffnessVolume:
    """Return the exam as the application reads it: stiffness with its confidence map."""
    valid = record.stiffness > 0
    return StiffnessVolume(record.stiffness_kpa, valid, record.confident() & valid, (), record.pixel_spacing_mm)


def as_mask(liver: NDArray[np.bool_]) -> LiverMask:
    """Return a liver as the application passes it on."""
    return LiverMask(liver, ModelIdentity("study", "", "", "", ""))


def _hot(record: ExamRecord, confident: NDArray[np.bool_]) -> NDArray[np.bool_]:
    spacing = record.pixel_spacing_mm
    seen = local_mean(record.stiffness_kpa, confident, HOT_SIGMA_MM, spacing)
    true = local_mean(record.true_stiffness_kpa, confident, HOT_SIGMA_MM, spacing)
    close = near(np.isin(record.tissue, WALL), HOT_REACH_MM, spacing)
    hot: NDArray[np.bool_] = close & (seen >= HOT_EXCESS * np.maximum(true, np.float32(0.1)))
    return hot

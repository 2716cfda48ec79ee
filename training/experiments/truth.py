"""True stiffness of simulated exams, against which measurements are evaluated.

The truth is the elastogram's mean over the true parenchyma with 95 % confidence, away from vessels, gallbladder, edges
and hot spots: the bias of the inversion belongs to the scanner. The modulus in the wave equation is reported beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.liver.mask import LiverMask, ModelIdentity
from liver_mre.liver.shapes import dilate, erode, local_mean
from liver_mre.stiffness.volume import StiffnessVolume
from simulation.exams.outcome import EDGE_MM
from simulation.types import Tissue
from training.segmentation.scores import MIN_AREA_CM2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord

WALL: Final = (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE)
HOT_REACH_MM: Final = 30.0
HOT_EXCESS: Final = 1.4
"""Hot spot: the elastogram near the body wall exceeds the true modulus by at least 40 %. Ours."""
HOT_SIGMA_MM: Final = 2.0


@dataclass(frozen=True, slots=True)
class Truth:
    """True stiffness of one exam."""

    region: NDArray[np.bool_]  # (S, R, C), the pixels of the truth
    stiffness_kpa: float  # the elastogram's mean over the region; NaN if it is smaller than `MIN_AREA_CM2`
    modulus_kpa: float  # mean modulus in the wave equation over the parenchyma of all slices
    area_cm2: float  # of the region

    @property
    def known(self) -> bool:
        """True if the region is large enough."""
        return math.isfinite(self.stiffness_kpa)


def truth_of(record: ExamRecord) -> Truth:
    """Return the true stiffness of a simulated exam."""
    spacing = record.pixel_spacing_mm
    parenchyma = record.tissue == Tissue.LIVER
    confident = record.confident() & (record.stiffness > 0)
    region = erode(parenchyma, EDGE_MM, spacing) & confident & ~_hot(record, confident)
    area_cm2 = float(np.count_nonzero(region)) * record.pixel_area_cm2
    mean = float(record.stiffness_kpa[region].mean(dtype=np.float64)) if area_cm2 >= MIN_AREA_CM2 else math.nan
    return Truth(region, mean, record.liver_stiffness_kpa, area_cm2)


def volume_of(record: ExamRecord) -> StiffnessVolume:
    """Return the exam as the application reads it, unmasked with confidence map."""
    valid = record.stiffness > 0
    return StiffnessVolume(record.stiffness_kpa, valid, record.confident() & valid, (), record.pixel_spacing_mm)


def as_mask(liver: NDArray[np.bool_]) -> LiverMask:
    """Return (S, R, C) bool as the mask type of the application."""
    return LiverMask(liver, ModelIdentity("study", "", "", "", ""))


def _hot(record: ExamRecord, confident: NDArray[np.bool_]) -> NDArray[np.bool_]:
    spacing = record.pixel_spacing_mm
    measured = local_mean(record.stiffness_kpa, confident, HOT_SIGMA_MM, spacing)
    true = local_mean(record.true_stiffness_kpa, confident, HOT_SIGMA_MM, spacing)
    close = dilate(np.isin(record.tissue, WALL), HOT_REACH_MM, spacing)
    hot: NDArray[np.bool_] = close & (measured >= HOT_EXCESS * np.maximum(true, np.float32(0.1)))
    return hot

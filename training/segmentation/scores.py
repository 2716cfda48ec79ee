"""How a predicted liver compares with the true one, exam by exam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training.cohort.store import KPA_PER_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cohort.exams import Exam

LEAST_AREA_CM2: Final = 5.0
"""Ours: with less of the true liver measurable, a technologist would scan again; the mean would say little."""


@dataclass(frozen=True, slots=True)
class ExamScore:
    """Agreement of prediction and truth in one exam, slices pooled.

    Attributes
    ----------
    name, stage, situation : the exam, and what of it the network was shown
    liver_dice, liver_iou : of the whole liver; NaN when both masks are empty
    measurable_dice, measurable_iou : of the pixels measured: both masks within confidence and above zero
    common, predicted, true : pixels of the measurable region in both, in the prediction, in truth
    liver_common, liver_predicted, liver_true : the same of the whole liver
    predicted_kpa, true_kpa : mean stiffness of those pixels in the exam's image; NaN where there are none
    predicted_area_cm2, true_area_cm2 : their area, summed over slices
    """

    name: str
    stage: str
    situation: str
    liver_dice: float
    liver_iou: float
    measurable_dice: float
    measurable_iou: float
    common: int
    predicted: int
    true: int
    liver_common: int
    liver_predicted: int
    liver_true: int
    predicted_kpa: float
    true_kpa: float
    predicted_area_cm2: float
    true_area_cm2: float

    @property
    def evaluable(self) -> bool:
        """True if enough of the true liver can be measured."""
        return self.true_area_cm2 >= LEAST_AREA_CM2

    @property
    def measured(self) -> bool:
        """True if the exam is evaluable, and the prediction has a stiffness."""
        return self.evaluable and math.isfinite(self.predicted_kpa)


def overlap(common: int, first: int, second: int) -> tuple[float, float]:
    """Return Dice and IoU of two masks by their pixel counts; NaN when both are empty."""
    if not first + second:
        return math.nan, math.nan
    return 2.0 * common / (first + second), common / (first + second - common)


def score_exam(exam: Exam, predicted: NDArray[np.bool_], situation: str) -> ExamScore:
    """Compare a predicted (S, R, C) mask with the true liver.

    Pixels of one exam have one area, so the plain mean over pixels is the area-weighted mean over slices.
    """
    measurable = exam.measurable
    chosen, true = predicted & measurable, exam.liver & measurable
    counts = int((chosen & true).sum()), int(chosen.sum()), int(true.sum())
    liver_counts = int((predicted & exam.liver).sum()), int(predicted.sum()), int(exam.liver.sum())
    liver_dice, liver_iou = overlap(*liver_counts)
    measurable_dice, measurable_iou = overlap(*counts)
    return ExamScore(
        exam.name,
        exam.stage,
        situation,
        liver_dice,
        liver_iou,
        measurable_dice,
        measurable_iou,
        *counts,
        *liver_counts,
        _mean_kpa(exam, chosen),
        _mean_kpa(exam, true),
        counts[1] * exam.pixel_area_cm2,
        counts[2] * exam.pixel_area_cm2,
    )


def _mean_kpa(exam: Exam, region: NDArray[np.bool_]) -> float:
    return float(exam.stiffness[region].mean(dtype=np.float64)) * KPA_PER_COUNT if region.any() else math.nan

"""Agreement of predicted and true liver in one exam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training.cohort.store import KPA_PER_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cohort.exams import Exam

MIN_AREA_CM2: Final = 5.0
"""Least measured area of an evaluable exam: `min_area_cm2` of the application. Ours."""


@dataclass(frozen=True, slots=True)
class ExamScore:
    """Agreement of prediction and truth in one exam, all slices pooled."""

    name: str  # of the exam
    stage: str  # METAVIR
    situation: str  # input situation
    liver_dice: float  # whole liver; NaN if both masks are empty
    liver_iou: float
    measurable_dice: float  # of the confident pixels of both masks
    measurable_iou: float
    common: int  # confident pixels in both masks
    predicted: int  # confident pixels in the prediction
    true: int  # confident pixels in the truth
    liver_common: int  # the same three for the whole liver
    liver_predicted: int
    liver_true: int
    predicted_kpa: float  # mean stiffness over the confident pixels; NaN if there are none
    true_kpa: float
    predicted_area_cm2: float  # of the confident pixels, all slices
    true_area_cm2: float

    @property
    def evaluable(self) -> bool:
        """True if the true liver has at least `MIN_AREA_CM2` to measure."""
        return self.true_area_cm2 >= MIN_AREA_CM2

    @property
    def measured(self) -> bool:
        """True if the exam is evaluable and the prediction has a stiffness."""
        return self.evaluable and math.isfinite(self.predicted_kpa)


def overlap(common: int, first: int, second: int) -> tuple[float, float]:
    """Return Dice and IoU of two masks from pixel counts; NaN if both are empty."""
    if not first + second:
        return math.nan, math.nan
    return 2.0 * common / (first + second), common / (first + second - common)


def score_exam(exam: Exam, predicted: NDArray[np.bool_], situation: str) -> ExamScore:
    """Compare a predicted (S, R, C) mask with the true liver.

    All pixels of an exam have the same area, so the mean over pixels is the area-weighted mean over slices.
    """
    confident = exam.confident_pixels
    chosen, true = predicted & confident, exam.liver & confident
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

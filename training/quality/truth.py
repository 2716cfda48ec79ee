"""Which simulated slices are diagnostic, by what came of them and not by what was done to them.

A slice is diagnostic if at least `DIAGNOSTIC_CM2` of its true liver are confident, and their mean stiffness in the
parenchyma is within `STIFFNESS_ERROR` of what the wave equation was solved with there. A failure that was simulated but
did no harm leaves the slice diagnostic; one that was not simulated but happened makes it fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.core.quality.types import Cause
from simulation.outcome import DIAGNOSTIC_CM2
from simulation.types import Failure, Tissue

if TYPE_CHECKING:
    from training.cohort.store import ExamRecord

GOOD_SHARE: Final = 0.5
"""A good exam has at least this share of diagnostic slices."""
STIFFNESS_ERROR: Final = 0.25
"""Ours. 98 of 100 slices with 10 cm2 and more of confident liver are within 20 %, the inversion's bias included."""

CAUSE_OF: Final = {
    Failure.NO_WAVES: Cause.NO_WAVES,
    Failure.WEAK_DRIVER: Cause.DRIVER,
    Failure.MISPLACED_DRIVER: Cause.DRIVER,
    Failure.LOW_SIGNAL: Cause.LOW_SIGNAL,
    Failure.BREATHING: Cause.BREATHING,
    Failure.POOR_PROPAGATION: Cause.PROPAGATION,
    Failure.ANATOMICAL_MASKING: Cause.NO_LIVER_HERE,
}


def true_causes(record: ExamRecord) -> tuple[Cause | None, ...]:
    """Return why each slice of a simulated exam is not diagnostic; None where it is.

    What is no axial elastogram of a liver has no diagnostic slice, whatever it shows.
    """
    if record.facts.get("unlike"):
        return (Cause.NO_LIVER_HERE,) * len(record.stiffness)
    return tuple(_cause(record, index) for index in range(len(record.stiffness)))


def is_good(record: ExamRecord) -> bool:
    """Tell whether most slices of a simulated exam are diagnostic; what is no elastogram of a liver is never good."""
    causes = true_causes(record)
    return sum(cause is None for cause in causes) >= GOOD_SHARE * len(causes)


def confident_cm2(record: ExamRecord, index: int) -> float:
    """Return the confident area of the true liver in one slice."""
    pixel_cm2 = record.pixel_spacing_mm[0] * record.pixel_spacing_mm[1] / 100.0
    return float(np.count_nonzero(record.liver[index] & record.confident()[index])) * pixel_cm2


def stiffness_error(record: ExamRecord, index: int) -> float:
    """Return the relative error of the mean over the confident parenchyma of one slice; NaN without any."""
    where = record.confident()[index] & (record.tissue[index] == Tissue.LIVER)
    if not where.any():
        return float("nan")
    true_kpa = record.true_stiffness_kpa[index][where].mean(dtype=np.float64)
    return float(record.stiffness_kpa[index][where].mean(dtype=np.float64) / true_kpa - 1.0)


def _cause(record: ExamRecord, index: int) -> Cause | None:
    if confident_cm2(record, index) >= DIAGNOSTIC_CM2 and abs(stiffness_error(record, index)) <= STIFFNESS_ERROR:
        return None
    simulated = record.slice_failures[index] or record.facts.get("given_failure") or Failure.POOR_PROPAGATION
    return CAUSE_OF[Failure(str(simulated))]

"""Which simulated slices are diagnostic: by their result, not by the failure that was simulated.

A slice is diagnostic if at least `DIAGNOSTIC_CM2` of its true liver are confident and the mean stiffness of their
parenchyma is within `STIFFNESS_ERROR` of the modulus in the wave equation. A simulated failure without effect leaves
the slice diagnostic; a slice can also fail without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.verdict import Cause
from simulation.exams.outcome import DIAGNOSTIC_CM2
from simulation.types import Failure, Tissue

if TYPE_CHECKING:
    from training.cohort.store import ExamRecord

GOOD_SHARE: Final = 0.5
"""Least share of diagnostic slices of a good exam."""
STIFFNESS_ERROR: Final = 0.25
"""Ours: 98 % of slices with at least 10 cm2 of confident liver are within 20 %, inversion bias included."""

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
    """Return the cause for which each slice is not diagnostic, None for diagnostic slices.

    An out-of-domain exam has no diagnostic slice.
    """
    if record.out_of_domain:
        return (Cause.NO_LIVER_HERE,) * len(record.stiffness)
    return tuple(_cause(record, index) for index in range(len(record.stiffness)))


def is_good(record: ExamRecord) -> bool:
    """Tell whether at least `GOOD_SHARE` of the slices are diagnostic."""
    causes = true_causes(record)
    return sum(cause is None for cause in causes) >= GOOD_SHARE * len(causes)


def confident_cm2(record: ExamRecord, index: int) -> float:
    """Return the confident area of the true liver in a slice."""
    return float(np.count_nonzero(record.liver[index] & record.confident()[index])) * record.pixel_area_cm2


def stiffness_error(record: ExamRecord, index: int) -> float:
    """Return the relative error of mean stiffness in the confident parenchyma of a slice; NaN if there is none."""
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

"""Rounding of stiffness that never contradicts the staging."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.measurement.staging import Staging


def cutoffs_kpa(staging: Staging | None) -> tuple[float, ...]:
    """Return all cut-offs of the staging, ascending: those of the profile and that of significant fibrosis."""
    if staging is None:
        return ()
    return tuple(sorted({*staging.cutoffs_kpa, staging.significant_cutoff_kpa}))


def rounded_kpa(value_kpa: float, cutoffs: Iterable[float], *, decimals: int) -> float:
    """Round a stiffness without crossing a cut-off.

    2.7996 kPa is below 2.8 kPa and is written as 2.79, because 2.80 would contradict "significant fibrosis: no".

    Parameters
    ----------
    value_kpa : stiffness in kPa
    cutoffs : cut-offs in kPa; a value equal to a cut-off is above it
    decimals : digits after the decimal point

    Returns
    -------
    A number of that many decimals on the same side of each cut-off, within one unit of the last digit. It is a Python
    float, because float32 would be written to DICOM with spurious digits.
    """
    step = 10.0**-decimals
    rounded = round(float(value_kpa), decimals)
    for cutoff in cutoffs:
        if (rounded >= cutoff) != (value_kpa >= cutoff):
            away = -math.inf if value_kpa < cutoff else math.inf
            rounded = round(rounded + math.copysign(step, away), decimals)
    return rounded

"""Rounding that never contradicts the staging."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.measurement.staging import Staging


def cutoffs_kpa(staging: Staging | None) -> tuple[float, ...]:
    """Return every cut-off that the staging used, ascending: the profile's and the one of significant fibrosis."""
    if staging is None:
        return ()
    return tuple(sorted({*staging.cutoffs_kpa, staging.significant_cutoff_kpa}))


def rounded_kpa(value_kpa: float, cutoffs: Iterable[float], *, decimals: int) -> float:
    """Round a stiffness so that it stays on its side of every cut-off.

    2.7996 kPa is below 2.8 kPa, so it is written as 2.79 and not as 2.80 beside "significant fibrosis: no".

    Parameters
    ----------
    value_kpa : stiffness in kPa
    cutoffs : cut-offs in kPa; a value at a cut-off is above it
    decimals : digits after the decimal point

    Returns
    -------
    The nearest float of that many digits that lies on the same side of each cut-off, within one unit of the
    last digit. A Python float: NumPy's float32 would be written to DICOM with digits that nobody measured.
    """
    step = 10.0**-decimals
    rounded = round(float(value_kpa), decimals)
    for cutoff in cutoffs:
        if (rounded >= cutoff) != (value_kpa >= cutoff):
            away = -math.inf if value_kpa < cutoff else math.inf
            rounded = round(rounded + math.copysign(step, away), decimals)
    return rounded

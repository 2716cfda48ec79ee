"""Plausibility of stiffness in an abdomen, which detects a scale that is wrong by a factor of ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ImplausibleStiffnessError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import UnitEvidence

# Ours, see `check_body_stiffness`.
UNMASKED_MEDIAN_KPA: Final = (0.86, 8.6)
MASKED_SOFT_KPA: Final = (0.67, 6.7)
MASKED_STIFF_KPA: Final = (1.6, np.inf)


def check_body_stiffness(stiffness_kpa: NDArray[np.floating], unit: UnitEvidence, *, masked: bool) -> None:
    """Refuse pixels that cannot belong to an abdomen in the assumed unit.

    Vendors' scales differ by a factor of ten (Siemens 0.01, GE 0.001 kPa a count), and a soft liver read ten times too
    stiff still looks like a liver. The whole body, mostly 1-4 kPa, reveals the error: statistics over all pixels vary
    less than tenfold between patients. Each limit is the geometric mean of the most extreme correct value and the
    nearest value that is wrong by ten, measured on simulated exams (205 of the simulated cohort, stages F0 to F4, and
    28 with livers of 1.5-1.8 and 9-12 kPa):

    - unmasked: median over the body 1.72-4.11 kPa; wrong by ten, at least 17.2 or at most 0.41 kPa. Limits 0.86-8.6, a
      factor of 2.0 from the nearest correct and from the nearest wrong exam.
    - masked at 95 % confidence: 5th percentile 1.24-3.59 kPa; wrong by ten, at least 12.4 or at most 0.36. Limits
      0.67-6.7, a factor of 1.85 on either side.
    - masked with only the liver left: 95th percentile at least 1.9 kPa, and at most 1.42 kPa for a 12 kPa liver read
      as 1.2. Limit 1.6. This also fits published healthy livers (slice medians 1.8-2.8, SD 0.3-0.6 kPa): their 95th
      percentile is above 2.2 kPa, and their 5th percentile, read ten times too high, above 8 kPa.

    Parameters
    ----------
    stiffness_kpa : every pixel that has a stiffness, of any shape; an empty array passes
    unit : the scale with which it was computed
    masked : True if pixels of low confidence were removed

    Raises
    ------
    ImplausibleStiffnessError
        A statistic is outside its limits, also with a scale set by the user.
    """
    if not stiffness_kpa.size:
        return
    soft, middle, stiff = (float(value) for value in np.percentile(stiffness_kpa, (5, 50, 95)))
    if masked:
        _check("the softest 5 % of its pixels", soft, MASKED_SOFT_KPA, unit)
        _check("95 % of its pixels", stiff, MASKED_STIFF_KPA, unit)
    else:
        _check("the median of the whole elastogram", middle, UNMASKED_MEDIAN_KPA, unit)


def _check(name: str, value_kpa: float, limits_kpa: tuple[float, float], unit: UnitEvidence) -> None:
    low, high = limits_kpa
    if low <= value_kpa <= high:
        return
    plausible = f"at least {low:g} kPa" if np.isinf(high) else f"{low:g}-{high:g} kPa"
    reach = "is" if name.startswith("the median") else "are at most"
    msg = (
        f"The scale is {unit.kpa_per_count:g} kPa a count ({unit.detail}). With it, {name} {reach} {value_kpa:.3g} "
        f"kPa; plausible in an abdomen is {plausible}. The unit of the pixels cannot be right. Nothing was measured; "
        "check the scanner's scale, and kpa_per_count if it is set."
    )
    raise ImplausibleStiffnessError(msg)

"""Reasons other than quality why a completely processed acquisition has no stiffness."""

from __future__ import annotations

from typing import Final

from liver_mre.workflow.outcome import Reason

NO_LIVER: Final = Reason(
    "no_liver", "No liver was found in the elastogram, so nothing was measured. Check the images and the driver."
)
NO_CONFIDENT_LIVER: Final = Reason(
    "no_confident_liver",
    "No pixel of the liver reaches the confidence threshold, so nothing was measured. "
    "Check the driver, the breath-hold and liver iron, and repeat the acquisition.",
)
_AREA_TOO_SMALL: Final = (
    "Confidence and the region rules leave only {:.1f} cm2 of the liver, and at least {:g} cm2 are needed, so nothing "
    "was measured. Check the driver, the breath-hold and liver iron, and repeat the acquisition."
)


def area_too_small(area_cm2: float, min_area_cm2: float) -> Reason:
    """Return the reason to report where too little of the liver can be measured."""
    return Reason("area_too_small", _AREA_TOO_SMALL.format(area_cm2, min_area_cm2))

"""Why an acquisition that was processed completely has no stiffness, beside its quality."""

from __future__ import annotations

from typing import Final

from liver_mre.workflow.outcome import Reason

NO_LIVER: Final = Reason(
    "no_liver", "No liver was found in the elastogram, so nothing was measured. Look at the images and the driver."
)
NO_CONFIDENT_LIVER: Final = Reason(
    "no_confident_liver",
    "No pixel of the liver reaches the confidence threshold, so nothing was measured. "
    "Check the driver, the breath-hold and the liver's iron, and repeat the acquisition.",
)
_AREA_TOO_SMALL: Final = (
    "Only {:.1f} cm2 of the liver can be measured by confidence and by the rules of the region, and at least {:g} cm2 "
    "are needed, so nothing was measured. Check the driver, the breath-hold and the liver's iron, and repeat the "
    "acquisition."
)


def area_too_small(area_cm2: float, least_cm2: float) -> Reason:
    """Return the reason of an acquisition of which too little can be measured."""
    return Reason("area_too_small", _AREA_TOO_SMALL.format(area_cm2, least_cm2))

"""What of the liver may be measured, after quality was judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.volume import LiverMask


def measured_liver(mask: LiverMask, quality: ExamQuality | None) -> LiverMask:
    """Return the liver of the slices that may be measured."""
    if quality is None or not quality.excluded:
        return mask
    liver = mask.liver.copy()
    liver[list(quality.excluded)] = False
    return replace(mask, liver=liver)

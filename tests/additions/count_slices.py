"""An invented step: it says how many slices were measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.method.stages import Measured
from liver_mre.workflow.step import ItemStep

if TYPE_CHECKING:
    from liver_mre.method.toolkit import Toolkit


def count_slices(item: Measured, toolkit: Toolkit) -> Measured:
    """Add a warning with the number of measured slices."""
    del toolkit
    return replace(item, warnings=(*item.warnings, f"Slices counted: {len(item.measurement.slices)}."))


COUNT_SLICES = ItemStep("count_slices", "counting slices", "slice_counter", Measured, count_slices)

"""Step: stage fibrosis by the chosen staging profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.measurement.staging import stage
from liver_mre.method.stages import Staged

if TYPE_CHECKING:
    from liver_mre.method.stages import Measured
    from liver_mre.method.toolkit import Toolkit


def stage_fibrosis(measured: Measured, toolkit: Toolkit) -> Staged:
    """Stage the fibrosis of an acquisition by its mean stiffness."""
    measurement = measured.measurement
    return measured.to(Staged, staging=stage(measurement.mean_kpa, toolkit.profile, measurement.interval))

"""Simulated failures: their causes, their frequency, and the parameters of affected slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.planning.parameters import Distribution
from simulation.types import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.planning.parameters import ExamParameters
    from simulation.planning.variety import Variety

FAILURE_SHARE: Final[Mapping[Failure, float]] = {
    Failure.ANATOMICAL_MASKING: 31.5,
    Failure.LOW_SIGNAL: 25.0,
    Failure.NO_WAVES: 8.0,
    Failure.WEAK_DRIVER: 5.0,
    Failure.BREATHING: 12.0,
    Failure.MISPLACED_DRIVER: 11.1,
    Failure.POOR_PROPAGATION: 7.4,
}
"""Causes in per cent (Gill 2021, 673 scans at 1.5 T); "no waves / connection" is split into driver off and too weak."""

FAILURE_PARAMETERS: Final[Mapping[Failure, Mapping[str, Distribution]]] = {
    Failure.NO_WAVES: {"amplitude_scale": Distribution(0.0, 0.003)},
    Failure.WEAK_DRIVER: {"amplitude_scale": Distribution(0.008, 0.025)},
    Failure.MISPLACED_DRIVER: {"driver_turn_rad": Distribution(-2.6, -1.9), "amplitude_scale": Distribution(0.15, 0.4)},
    Failure.LOW_SIGNAL: {"liver_t2_star_ms": Distribution(1.2, 4.0), "noise_scale": Distribution(1.0, 2.0)},
    Failure.BREATHING: {"breathing_mm": Distribution(9.0, 18.0)},
    Failure.POOR_PROPAGATION: {"loss_scale": Distribution(6.0, 9.0), "amplitude_scale": Distribution(0.15, 0.3)},
    Failure.ANATOMICAL_MASKING: {"level_mm": Distribution(62.0, 85.0)},
}
"""Parameters of affected slices by cause."""
WHOLE_EXAM: Final = frozenset({Failure.MISPLACED_DRIVER})
"""Causes that affect all slices of an exam."""


def draw_failure(rng: np.random.Generator, variety: Variety) -> tuple[Failure, bool]:
    """Return a cause of failure, or none, and whether it affects all slices."""
    place = float(rng.random())
    shares = np.array(list(FAILURE_SHARE.values()))
    cause = rng.choice(np.array(list(FAILURE_SHARE)), p=shares / shares.sum())
    if place >= variety.full_failure + variety.partial_failure:
        return Failure.NONE, False
    failure = Failure(str(cause))
    return failure, place < variety.full_failure or failure in WHOLE_EXAM


def affected_parameters(
    rng: np.random.Generator, variety: Variety, parameters: ExamParameters, failure: Failure
) -> ExamParameters:
    """Return the parameters of a slice affected by a failure."""
    changes = {name: spread.draw(rng) for name, spread in FAILURE_PARAMETERS.get(failure, {}).items()}
    if variety.fixed_level:
        changes.pop("level_mm", None)
    return replace(parameters, **changes)

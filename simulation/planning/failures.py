"""Why simulated exams fail, how often, and what each cause does to the slices that it strikes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.planning.variety import Spread
from simulation.types import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.planning.variety import Traits, Variety

# Causes by Gill 2021 (673 scans at 1.5 T), in per cent; its "no waves / connection" is split here between a driver
# that is off and one that is too weak.
FAILURE_SHARE: Final[Mapping[Failure, float]] = {
    Failure.ANATOMICAL_MASKING: 31.5,
    Failure.LOW_SIGNAL: 25.0,
    Failure.NO_WAVES: 8.0,
    Failure.WEAK_DRIVER: 5.0,
    Failure.BREATHING: 12.0,
    Failure.MISPLACED_DRIVER: 11.1,
    Failure.POOR_PROPAGATION: 7.4,
}

# What each cause does to the traits of the slices that it strikes.
FAILURE_TRAITS: Final[Mapping[Failure, Mapping[str, Spread]]] = {
    Failure.NO_WAVES: {"amplitude_scale": Spread(0.0, 0.003)},
    Failure.WEAK_DRIVER: {"amplitude_scale": Spread(0.008, 0.025)},
    Failure.MISPLACED_DRIVER: {"driver_turn_rad": Spread(-2.6, -1.9), "amplitude_scale": Spread(0.15, 0.4)},
    Failure.LOW_SIGNAL: {"liver_t2_star_ms": Spread(1.2, 4.0), "noise_scale": Spread(1.0, 2.0)},
    Failure.BREATHING: {"breathing_mm": Spread(9.0, 18.0)},
    Failure.POOR_PROPAGATION: {"loss_scale": Spread(6.0, 9.0), "amplitude_scale": Spread(0.15, 0.3)},
    Failure.ANATOMICAL_MASKING: {"level_mm": Spread(62.0, 85.0)},
}
WHOLE_EXAM: Final = frozenset({Failure.MISPLACED_DRIVER})
"""Causes that strike all slices of an exam alike."""


def draw_failure(rng: np.random.Generator, variety: Variety) -> tuple[Failure, bool]:
    """Return a cause of failure, or none, and whether it strikes all slices."""
    place = float(rng.random())
    shares = np.array(list(FAILURE_SHARE.values()))
    cause = rng.choice(np.array(list(FAILURE_SHARE)), p=shares / shares.sum())
    if place >= variety.full_failure + variety.partial_failure:
        return Failure.NONE, False
    failure = Failure(str(cause))
    return failure, place < variety.full_failure or failure in WHOLE_EXAM


def struck_traits(rng: np.random.Generator, variety: Variety, traits: Traits, failure: Failure) -> Traits:
    """Return the traits of a slice that a cause of failure strikes."""
    changes = {name: spread.draw(rng) for name, spread in FAILURE_TRAITS.get(failure, {}).items()}
    if variety.elsewhere:
        changes.pop("level_mm", None)
    return replace(traits, **changes)

"""Fibrosis stage from stiffness, by a staging profile of published cut-offs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.measurement.interval import StiffnessInterval
    from liver_mre.measurement.profile import StagingProfile

SIGNIFICANT_CUTOFF_KPA: Final = 2.8
"""Smallest stiffness of significant fibrosis (METAVIR >= F2): Wu et al. 2015, doi 10.1371/journal.pone.0140068."""


@dataclass(frozen=True, slots=True)
class CategoryProbability:
    """Probability, 0 to 1, that the stiffness lies in one category of the profile."""

    category: str
    probability: float


@dataclass(frozen=True, slots=True)
class Staging:
    """The stage of a stiffness in one profile.

    Attributes
    ----------
    profile : name of the staging profile
    category : the profile's name of the interval
    metavir_min, metavir_max : METAVIR range of that interval
    significant_fibrosis : stiffness >= `significant_cutoff_kpa` (METAVIR >= F2; Wu 2015: 2.8 kPa)
    cutoffs_kpa : limits between the profile's intervals, ascending
    probabilities : probability of each category, from the 95 % interval; empty without one
    significant_probability : probability that the stiffness reaches `significant_cutoff_kpa`; None without an interval
    crossed_kpa : cut-offs inside the 95 % interval, ascending; the stage is uncertain there
    """

    profile: str
    category: str
    metavir_min: str
    metavir_max: str
    significant_fibrosis: bool
    significant_cutoff_kpa: float
    cutoffs_kpa: tuple[float, ...] = ()
    probabilities: tuple[CategoryProbability, ...] = ()
    significant_probability: float | None = None
    crossed_kpa: tuple[float, ...] = ()


def stage(mean_kpa: float, profile: StagingProfile, interval: StiffnessInterval | None = None) -> Staging:
    """Assign the category of a profile, and significant fibrosis (`SIGNIFICANT_CUTOFF_KPA`) whatever the profile.

    The value is compared without rounding or tolerance: just below 2.8 is below 2.8. The mean from `measure` is already
    rounded as it is reported.

    Parameters
    ----------
    mean_kpa : mean stiffness of the exam
    profile : staging profile
    interval : 95 % interval of that mean, for the probability of each category

    Raises
    ------
    ValueError
        The stiffness is negative or not a number.
    """
    if not mean_kpa >= 0.0:
        message = f"stiffness must not be negative: {mean_kpa}"
        raise ValueError(message)
    chosen = [one for one in profile.intervals if one.starts_at_or_below(mean_kpa)][-1]
    staging = Staging(
        profile=profile.name,
        category=chosen.category,
        metavir_min=chosen.metavir_min,
        metavir_max=chosen.metavir_max,
        significant_fibrosis=mean_kpa >= SIGNIFICANT_CUTOFF_KPA,
        significant_cutoff_kpa=SIGNIFICANT_CUTOFF_KPA,
        cutoffs_kpa=profile.boundaries_kpa,
    )
    if interval is None or mean_kpa == 0.0:
        return staging
    return replace(
        staging,
        probabilities=category_probabilities(mean_kpa, interval, profile),
        significant_probability=probability_at_least(mean_kpa, interval, SIGNIFICANT_CUTOFF_KPA),
        crossed_kpa=crossed_cutoffs(interval, (*profile.boundaries_kpa, SIGNIFICANT_CUTOFF_KPA)),
    )


def probability_at_least(mean_kpa: float, interval: StiffnessInterval, cutoff_kpa: float) -> float:
    """Return the probability that the true stiffness reaches a cut-off, given the measured mean and its interval."""
    if cutoff_kpa <= 0.0:
        return 1.0
    deviation = math.log(mean_kpa / cutoff_kpa)
    if interval.relative_sd == 0.0:
        return 1.0 if deviation >= 0.0 else 0.0
    return 0.5 * (1.0 + math.erf(deviation / (interval.relative_sd * math.sqrt(2.0))))


def category_probabilities(
    mean_kpa: float, interval: StiffnessInterval, profile: StagingProfile
) -> tuple[CategoryProbability, ...]:
    """Return the probability of each category of a profile, in its order; they sum to 1."""
    reached = [1.0, *(probability_at_least(mean_kpa, interval, limit) for limit in profile.boundaries_kpa), 0.0]
    return tuple(
        CategoryProbability(one.category, lower - upper)
        for one, (lower, upper) in zip(profile.intervals, pairwise(reached), strict=True)
    )


def crossed_cutoffs(interval: StiffnessInterval, cutoffs_kpa: Iterable[float]) -> tuple[float, ...]:
    """Return the cut-offs inside the interval, ascending."""
    return tuple(sorted({one for one in cutoffs_kpa if interval.low_kpa < one <= interval.high_kpa}))

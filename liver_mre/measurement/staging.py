"""Fibrosis stage from stiffness, by a profile of published cut-offs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.measurement.interval import StiffnessInterval
    from liver_mre.measurement.profile import StagingProfile

SIGNIFICANT_CUTOFF_KPA: Final = 2.8
"""Stiffness from which fibrosis is significant (METAVIR >= F2): Wu et al. 2015, doi 10.1371/journal.pone.0140068."""


@dataclass(frozen=True, slots=True)
class CategoryProbability:
    """Probability, 0 to 1, that the stiffness lies in one category of the profile."""

    category: str
    probability: float


@dataclass(frozen=True, slots=True)
class Staging:
    """A stiffness read against one profile.

    Attributes
    ----------
    profile : name of the staging profile
    category : the profile's words for the interval
    metavir_min, metavir_max : METAVIR range of that interval ("F0".."F4")
    significant_fibrosis : stiffness >= `significant_cutoff_kpa` (METAVIR >= F2; Wu 2015: 2.8 kPa)
    cutoffs_kpa : where the profile's intervals meet, ascending; shown beside the result
    probabilities : of each category, given the interval of the stiffness; empty without an interval
    significant_probability : probability that the stiffness reaches `significant_cutoff_kpa`; None without an interval
    crossed_kpa : the cut-offs that the interval crosses, ascending: there the stage is not certain
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
    """Read a stiffness against a profile.

    The value is compared as given, without rounding or tolerance: just below 2.8 is below 2.8. What
    `liver_mre.measurement.measure.measure` returns is already the number that is reported.

    Parameters
    ----------
    mean_kpa : mean stiffness of the exam
    profile : the categories to use
    interval : of that mean; gives the probability of each category

    Returns
    -------
    Staging, with significant fibrosis (`SIGNIFICANT_CUTOFF_KPA`) beside the category whatever the profile

    Raises
    ------
    ValueError
        If the stiffness is negative or not a number.
    """
    if not mean_kpa >= 0.0:
        message = f"stiffness must not be negative: {mean_kpa}"
        raise ValueError(message)
    reached = [interval for interval in profile.intervals if interval.starts_at_or_below(mean_kpa)]
    chosen = reached[-1]
    known = interval if mean_kpa > 0.0 else None
    return Staging(
        profile=profile.name,
        category=chosen.category,
        metavir_min=chosen.metavir_min,
        metavir_max=chosen.metavir_max,
        significant_fibrosis=mean_kpa >= SIGNIFICANT_CUTOFF_KPA,
        significant_cutoff_kpa=SIGNIFICANT_CUTOFF_KPA,
        cutoffs_kpa=profile.boundaries_kpa,
        probabilities=category_probabilities(mean_kpa, known, profile) if known else (),
        significant_probability=probability_at_least(mean_kpa, known, SIGNIFICANT_CUTOFF_KPA) if known else None,
        crossed_kpa=crossed_cutoffs(known, (*profile.boundaries_kpa, SIGNIFICANT_CUTOFF_KPA)) if known else (),
    )


def probability_at_least(mean_kpa: float, interval: StiffnessInterval, cutoff_kpa: float) -> float:
    """Return the probability that the stiffness reaches a cut-off, given the exam's mean and its interval."""
    if cutoff_kpa <= 0.0:
        return 1.0
    deviation = math.log(mean_kpa / cutoff_kpa)
    if interval.relative_sd == 0.0:
        return 1.0 if deviation >= 0.0 else 0.0
    return 0.5 * (1.0 + math.erf(deviation / (interval.relative_sd * math.sqrt(2.0))))


def category_probabilities(
    mean_kpa: float, interval: StiffnessInterval, profile: StagingProfile
) -> tuple[CategoryProbability, ...]:
    """Return the probability of each category of a profile, in its order; together they are 1."""
    reached = [1.0, *(probability_at_least(mean_kpa, interval, limit) for limit in profile.boundaries_kpa), 0.0]
    return tuple(
        CategoryProbability(one.category, reached[place] - reached[place + 1])
        for place, one in enumerate(profile.intervals)
    )


def crossed_cutoffs(interval: StiffnessInterval, cutoffs_kpa: Iterable[float]) -> tuple[float, ...]:
    """Return the cut-offs, ascending, on both sides of which the interval lies."""
    return tuple(sorted({one for one in cutoffs_kpa if interval.low_kpa < one <= interval.high_kpa}))

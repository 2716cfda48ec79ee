"""Fibrosis stage from stiffness, by a profile of published cut-offs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from liver_mre.core.result import Staging
from liver_mre.core.uncertainty import category_probabilities, crossed_cutoffs, probability_at_least

if TYPE_CHECKING:
    from liver_mre.core.result import StiffnessInterval

SIGNIFICANT_CUTOFF_KPA: Final = 2.8
"""Stiffness from which fibrosis is significant (METAVIR >= F2): Wu et al. 2015, doi 10.1371/journal.pone.0140068."""


@dataclass(frozen=True, slots=True)
class StageInterval:
    """One interval of stiffness and what it means.

    Attributes
    ----------
    lower_kpa, upper_kpa : limits; None as upper limit means no limit
    lower_inclusive : whether `lower_kpa` itself lies in this interval, else it lies in the one below
    category : the profile's words
    metavir_min, metavir_max : METAVIR range, "F0" to "F4"
    """

    lower_kpa: float
    upper_kpa: float | None
    lower_inclusive: bool
    category: str
    metavir_min: str
    metavir_max: str

    def starts_at_or_below(self, stiffness_kpa: float) -> bool:
        """Tell whether `stiffness_kpa` reaches this interval from below."""
        if self.lower_inclusive:
            return stiffness_kpa >= self.lower_kpa
        return stiffness_kpa > self.lower_kpa


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A published cut-off beyond the intervals, for the reader: its use is described in `note`."""

    stiffness_kpa: float
    target: str
    note: str


@dataclass(frozen=True, slots=True)
class StagingProfile:
    """Published categories of liver stiffness.

    Attributes
    ----------
    name, title : identifier, and words for a person
    citation, doi, url : the source; `doi` and `url` are None where none is known
    evidence : what of the source was read: "checked" (the source), "abstract", or "local" (a site's own)
    population : whom the source studied
    frequency_hz : driver frequency
    intervals : ascending, from 0 without gaps to the open end
    cutoffs : further cut-offs of the source
    """

    name: str
    title: str
    citation: str
    doi: str | None
    url: str | None
    evidence: str
    population: str
    frequency_hz: float
    intervals: tuple[StageInterval, ...]
    cutoffs: tuple[Cutoff, ...] = ()

    @property
    def boundaries_kpa(self) -> tuple[float, ...]:
        """The least stiffness of every interval but the first, ascending.

        Where an interval does not include its lower limit this is the next number above it: whoever compares or rounds
        with `>=` then agrees with `stage`.
        """
        return tuple(
            interval.lower_kpa if interval.lower_inclusive else math.nextafter(interval.lower_kpa, math.inf)
            for interval in self.intervals[1:]
        )


def stage(mean_kpa: float, profile: StagingProfile, interval: StiffnessInterval | None = None) -> Staging:
    """Read a stiffness against a profile.

    The value is compared as given, without rounding or tolerance: just below 2.8 is below 2.8. What
    `liver_mre.core.measurement.measure` returns is already the number that is reported.

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

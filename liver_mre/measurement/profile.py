"""Staging profiles: published categories of liver stiffness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

METAVIR_STAGES: Final = ("F0", "F1", "F2", "F3", "F4")


@dataclass(frozen=True, slots=True)
class StageInterval:
    """One interval of stiffness and its meaning.

    Attributes
    ----------
    lower_kpa, upper_kpa : limits; an upper limit of None is open
    lower_inclusive : whether `lower_kpa` belongs to this interval or to the one below
    category : the profile's name of the interval
    metavir_min, metavir_max : METAVIR range, of `METAVIR_STAGES`
    """

    lower_kpa: float
    upper_kpa: float | None
    lower_inclusive: bool
    category: str
    metavir_min: str
    metavir_max: str

    def starts_at_or_below(self, stiffness_kpa: float) -> bool:
        """Tell whether `stiffness_kpa` reaches the lower limit."""
        return stiffness_kpa > self.lower_kpa or (self.lower_inclusive and stiffness_kpa == self.lower_kpa)


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A published cut-off that the intervals do not use, for information; `note` describes it."""

    stiffness_kpa: float
    target: str
    note: str


@dataclass(frozen=True, slots=True)
class StagingProfile:
    """Published categories of liver stiffness.

    Attributes
    ----------
    name, title : identifier and displayed name
    citation, doi, url : the source; `doi` and `url` are None if unknown
    evidence : how the source was verified: "checked" (full text), "abstract", or "local" (a site's own)
    population : the population of the source
    frequency_hz : driver frequency
    intervals : ascending without gaps, from 0 to an open end
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
        """The smallest stiffness of every interval but the first, ascending.

        For an exclusive limit this is the next larger float, so that a comparison with `>=` agrees with `stage`.
        """
        return tuple(
            interval.lower_kpa if interval.lower_inclusive else math.nextafter(interval.lower_kpa, math.inf)
            for interval in self.intervals[1:]
        )

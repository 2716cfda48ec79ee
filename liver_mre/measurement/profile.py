"""Staging profiles: published categories of liver stiffness."""

from __future__ import annotations

import math
from dataclasses import dataclass


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

"""Which series show the same slices of the same acquisition, by geometry, time, sequence, names and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from liver_mre.series.acquisition_time import SAME_TIME_S, StudyClock
from liver_mre.series.roles import Role, SeriesRole
from liver_mre.studies.geometry import missing_slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.series.acquisition_time import Span
    from liver_mre.series.classification import ClassifiedSeries
    from liver_mre.studies.study import Series

# Words that name the map; what remains of a description names the acquisition.
_MAP_WORDS: Final = re.compile(
    r"stiff(ness)?|elastogramm?e?|stgrym?|masked|mask|conf(idence)?|(?<!\d)c?95(?!\d)|wave|magnitude|mag|phase|images?|maps?|\bp\b"
)
_NAME_ELEMENTS: Final = ("SequenceName", "(0019,109C)", "ProtocolName")
"""The elements of `AcquisitionEvidence.names`."""
_NO_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class AcquisitionEvidence:
    """What headers say about the acquisition that a series comes from; empty or None where they say nothing.

    Attributes
    ----------
    seconds : (first, last) acquisition time of its images, from a moment that is the same for the whole study
    dated : the same, from midnight of a day that is the same for all studies; None unless all its images have a date
    shared_times : whether series of different roles share times in this study, as the maps of one acquisition do;
        where every series has a time of its own, times say nothing about the acquisition
    numbers : AcquisitionNumber of its images
    names : sequence name, private sequence name and protocol name of its images
    stem : SeriesDescription without the words that name the map
    """

    seconds: Span | None
    numbers: frozenset[int]
    names: tuple[frozenset[str], frozenset[str], frozenset[str]]
    stem: str
    shared_times: bool = True
    dated: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MreSeries:
    """An MRE series with the evidence of its acquisition; compared by identity."""

    entry: ClassifiedSeries
    evidence: AcquisitionEvidence

    @property
    def series(self) -> Series:
        """The DICOM series."""
        return self.entry.series

    @property
    def role(self) -> SeriesRole:
        """Its role."""
        return self.entry.role

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return self.series.series_instance_uid

    @property
    def number(self) -> int:
        """SeriesNumber."""
        return self.series.series_number

    @property
    def order(self) -> tuple[int, str]:
        """Sort key: by series number."""
        return self.number, self.uid

    @property
    def age(self) -> tuple[float, int, str]:
        """Sort key: larger for a later acquisition."""
        return (self.evidence.seconds[1] if self.evidence.seconds else -1.0, self.number, self.uid)


@dataclass(frozen=True, slots=True, order=True)
class MatchRank:
    """How well a companion matches a stiffness series: smaller is better, equal is ambiguous."""

    another_time: bool
    paired_by_number: bool
    missing: int
    another_number: bool
    another_stem: bool
    distance: int


def members(entries: Iterable[ClassifiedSeries]) -> tuple[MreSeries, ...]:
    """Collect the evidence of every series, ordered by series number.

    Acquisition times that are the same throughout the study are ignored: anonymisers write such times.
    """
    entries = sorted(entries, key=lambda one: (one.series.series_number, one.series.series_instance_uid, one.role))
    clock = StudyClock.of([image for entry in entries for image in entry.series.instances])
    found = [MreSeries(entry, _evidence(entry.series, clock)) for entry in entries]
    shared = any(one.role is not other.role and same_time(one, other) for one, other in combinations(found, 2))
    return tuple(replace(member, evidence=replace(member.evidence, shared_times=shared)) for member in found)


def _evidence(series: Series, clock: StudyClock) -> AcquisitionEvidence:
    numbers = (instance.acquisition_number for instance in series.instances)
    return AcquisitionEvidence(
        seconds=clock.span(series.instances),
        dated=clock.dated_span(series.instances),
        numbers=frozenset(number for number in numbers if number is not None),
        names=(
            _names(instance.sequence_name for instance in series.instances),
            _names(instance.private_sequence_name for instance in series.instances),
            _names(instance.protocol_name for instance in series.instances),
        ),
        stem=_NO_WORD.sub("", _MAP_WORDS.sub("", _NO_WORD.sub(" ", series.first.series_description.casefold()))),
    )


def _names(values: Iterable[str]) -> frozenset[str]:
    return frozenset(folded for value in values if (folded := value.strip().casefold()))


def different_acquisitions(one: MreSeries, other: MreSeries) -> bool:
    """Tell whether two series certainly come from different acquisitions."""
    return bool(separating_element(one, other))


def separating_element(one: MreSeries, other: MreSeries) -> str:
    """Name the element by which two series certainly come from different acquisitions; "" if none says so.

    They do if sequence, protocol or time differ, or AcquisitionNumber where times are not decisive. A confidence map
    of another time never belongs to the acquisition.
    """
    here, there = one.evidence, other.evidence
    for element, a, b in zip(_NAME_ELEMENTS, here.names, there.names, strict=True):
        if a and b and not a & b:
            return element
    if here.seconds and there.seconds:
        decisive = here.shared_times or one.role is other.role or Role.CONFIDENCE in {one.role, other.role}
        if same_time(one, other):
            return ""
        if decisive:
            return "AcquisitionTime"
    return "AcquisitionNumber" if here.numbers and there.numbers and not here.numbers & there.numbers else ""


def same_names(one: MreSeries, other: MreSeries) -> bool:
    """Tell whether sequence and protocol names of two series do not contradict each other."""
    return not any(a and b and not a & b for a, b in zip(one.evidence.names, other.evidence.names, strict=True))


def why_apart(companion: MreSeries, stiffness: Sequence[MreSeries]) -> str:
    """Say, as a clause, why a companion that belongs to none of these stiffness series does not."""
    apart = [element for one in stiffness if (element := separating_element(one, companion))]
    if apart:
        elements = " and ".join(dict.fromkeys(apart))
        return f"it comes from another acquisition ({elements} differs from that of the stiffness series)"
    broken = next((wrong for one in stiffness if (wrong := broken_element(companion, one.series))), None)
    if broken is not None:
        return f"{broken}, and its images differ in size or number from those of the stiffness series"
    return "it does not show all slices of the stiffness series, or shows others (ImagePositionPatient)"


def same_time(one: MreSeries, other: MreSeries) -> bool:
    """Tell whether the acquisition times of two series are known and the same; without a date, their times of day."""
    here, there = one.evidence.dated, other.evidence.dated
    if here is None or there is None:
        here, there = one.evidence.seconds, other.evidence.seconds
    if here is None or there is None:
        return False
    return max(here[0], there[0]) - min(here[1], there[1]) <= SAME_TIME_S


def is_repeat(one: MreSeries, other: MreSeries) -> bool:
    """Tell whether two stiffness series of one role are known to come from different acquisitions.

    A scanner gives maps of one role different names only if their acquisitions differ.
    """
    if different_acquisitions(one, other):
        return True
    stems = one.evidence.stem, other.evidence.stem
    return not same_time(one, other) and all(stems) and stems[0] != stems[1]


def same_stack(one: Series, other: Series) -> bool:
    """Tell whether one series shows all slices of the other."""
    return missing_slices(one, other) is not None or missing_slices(other, one) is not None


def match_rank(stiffness: MreSeries, companion: MreSeries) -> MatchRank | None:
    """Rank how well a companion matches a stiffness series: by position, or by number if its geometry is broken.

    Returns
    -------
    None if it comes from another acquisition or does not show all slices.
    """
    if different_acquisitions(stiffness, companion):
        return None
    missing = missing_slices(stiffness.series, companion.series)
    by_number = missing is None and _matches_by_number(stiffness.series, companion)
    if missing is None and not by_number:
        return None
    timed = same_time(stiffness, companion)
    same_number = bool(stiffness.evidence.numbers & companion.evidence.numbers)
    return MatchRank(
        another_time=not timed,
        paired_by_number=by_number,
        missing=missing or 0,
        another_number=not same_number,
        another_stem=not stiffness.evidence.stem or stiffness.evidence.stem != companion.evidence.stem,
        # The series number alone is too weak to pair a map without positions.
        distance=0 if by_number and not (timed or same_number) else abs(stiffness.number - companion.number),
    )


def best_matches(stiffness: MreSeries, companions: Iterable[MreSeries]) -> dict[MreSeries, MatchRank]:
    """Return the companions that match a stiffness series best: none, one, or several that nothing tells apart."""
    ranks = {one: rank for one in companions if (rank := match_rank(stiffness, one))}
    return {one: rank for one, rank in ranks.items() if rank == min(ranks.values())}


def _matches_by_number(stiffness: Series, companion: MreSeries) -> bool:
    first, other = stiffness.first, companion.series.first
    if (first.rows, first.columns) != (other.rows, other.columns) or broken_element(companion, stiffness) is None:
        return False
    here, there = len(stiffness.instances), len(companion.series.instances)
    return here == there or (companion.role is not Role.CONFIDENCE and there % here == 0)


def broken_element(companion: MreSeries, stiffness: Series) -> str | None:
    """Return what is wrong with the geometry of a companion, as a clause; None if nothing is."""
    images = companion.series.instances
    positions = {image.position_mm for image in images}
    # Magnitude, phase and wave images at one position can be the phase offsets of one slice.
    at_one_place = len(positions) == 1 < len(images) and companion.role is Role.CONFIDENCE
    spacing_mm = images[0].pixel_spacing_mm
    found = (
        ("ImageOrientationPatient is missing", any(image.orientation is None for image in images)),
        ("ImagePositionPatient is missing", None in positions),
        ("ImagePositionPatient is (0, 0, 0) in all its images", positions == {(0.0, 0.0, 0.0)}),
        ("ImagePositionPatient is the same in all its images", at_one_place),
        ("PixelSpacing is missing", any(image.pixel_spacing_mm is None for image in images)),
        ("PixelSpacing is (1, 1)", spacing_mm == (1.0, 1.0) != stiffness.first.pixel_spacing_mm),
    )
    return next((words for words, wrong in found if wrong), None)

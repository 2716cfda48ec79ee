"""Group the series of a study into candidate acquisitions: stiffness series and their companions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from liver_mre.series.acquisition_time import covering
from liver_mre.series.classification import ClassifiedSeries
from liver_mre.series.pairing import (
    AcquisitionEvidence,
    MreSeries,
    different_acquisitions,
    is_repeat,
    match_rank,
    same_names,
    same_stack,
    same_time,
)
from liver_mre.series.roles import Role, SeriesRole
from liver_mre.studies.geometry import SAME_POSITION_MM, distinct_distances_mm, missing_slices
from liver_mre.studies.study import Series

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from liver_mre.series.pairing import MatchRank


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Stiffness series of the same slices and acquisition: masked, unmasked or both.

    Two members of the same role cannot be told apart.
    """

    members: tuple[MreSeries, ...]

    def of(self, *roles: SeriesRole) -> list[MreSeries]:
        """Return its series of these roles."""
        return [member for member in self.members if member.role in roles]

    @property
    def numbers(self) -> frozenset[int]:
        """AcquisitionNumber of its images."""
        return frozenset(number for member in self.members for number in member.evidence.numbers)

    def rank(self, companion: MreSeries) -> MatchRank | None:
        """Rank a companion against the stiffness series that it matches best; None if it matches none."""
        if any(different_acquisitions(member, companion) for member in self.members):
            return None
        return min((rank for member in self.members if (rank := match_rank(member, companion))), default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A candidate acquisition: one cluster, or several of one slice each, acquired breath-hold by breath-hold.

    `whole` joins the slices of several parts, to match companions that show all slices.
    """

    parts: tuple[Cluster, ...]
    whole: Cluster | None = None

    @property
    def members(self) -> tuple[MreSeries, ...]:
        """Its stiffness series, by series number."""
        found = (member for part in self.parts for member in part.members)
        return tuple(sorted(found, key=lambda member: member.order))

    def part_of(self, member: MreSeries) -> Cluster:
        """Return the part that holds one of its stiffness series."""
        return next(part for part in self.parts if member in part.members)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Its parts and their joined whole: a companion belongs to one of them."""
        return (*self.parts, self.whole) if self.whole else self.parts


@dataclass(frozen=True, slots=True)
class Companions:
    """Companions by cluster: assigned to one, contested between several, or assigned to none."""

    assigned: dict[Cluster, list[MreSeries]] = field(default_factory=dict)
    contested: dict[Cluster, list[MreSeries]] = field(default_factory=dict)
    unassigned: list[MreSeries] = field(default_factory=list)

    def of(self, role: SeriesRole, *clusters: Cluster) -> list[MreSeries]:
        """Return the companions of a role that are assigned to these clusters."""
        return [member for cluster in clusters for member in self.assigned.get(cluster, ()) if member.role is role]

    def of_candidate(self, candidate: Candidate) -> list[MreSeries]:
        """Return all companions that are assigned to a candidate."""
        return [member for cluster in candidate.clusters for member in self.assigned.get(cluster, ())]

    def contested_of(self, role: SeriesRole, candidate: Candidate) -> list[MreSeries]:
        """Return the companions of a role that match this candidate and another one equally well."""
        found = (member for cluster in candidate.clusters for member in self.contested.get(cluster, ()))
        return list({member.uid: member for member in found if member.role is role}.values())


def candidates(stiffness: Iterable[MreSeries]) -> tuple[Candidate, ...]:
    """Group the stiffness series of a study into candidate acquisitions, ordered by series number.

    Single-slice series at several positions are one acquisition if size, spacing, orientation, sequence and protocol
    are the same.
    """
    single: list[Cluster] = []
    found = []
    for cluster in _clusters(stiffness):
        if all(len(distinct_distances_mm(member.series)) == 1 for member in cluster.members):
            single.append(cluster)
        else:
            found.append(Candidate((cluster,)))
    for parts in _protocols(single):
        found += _joined(parts)
    return tuple(sorted(found, key=lambda candidate: (candidate.members[0].number, candidate.members[0].uid)))


def assign_companions(
    found: Sequence[Candidate], companions: Iterable[MreSeries], *, requested: Candidate | None = None
) -> Companions:
    """Assign every companion to the cluster that it matches best.

    Parameters
    ----------
    found : candidate acquisitions of the study
    companions : the other MRE series of the study
    requested : the candidate that the user asked for; it wins contested companions
    """
    result = Companions()
    clusters = [cluster for candidate in found for cluster in candidate.clusters]
    wanted = set(requested.clusters if requested else ())
    for companion in companions:
        ranks = {cluster: rank for cluster in clusters if (rank := cluster.rank(companion))}
        if not ranks:
            result.unassigned.append(companion)
            continue
        best = [cluster for cluster, rank in ranks.items() if rank == min(ranks.values())]
        best = _with_rivals(companion, best, clusters)
        best = [cluster for cluster in best if cluster in wanted] or best
        target = result.assigned if len(best) == 1 else result.contested
        for cluster in best:
            target.setdefault(cluster, []).append(companion)
    return result


def _with_rivals(companion: MreSeries, best: list[Cluster], clusters: Sequence[Cluster]) -> list[Cluster]:
    """Add the clusters that share a confidence map's AcquisitionNumber if none of the best does.

    Time and number then contradict each other, and the map of another acquisition would mask the wrong pixels.
    """
    numbers = companion.evidence.numbers
    if companion.role is not Role.CONFIDENCE or not numbers or any(numbers & cluster.numbers for cluster in best):
        return best
    return [*best, *(cluster for cluster in clusters if cluster not in best and numbers & cluster.numbers)]


def _clusters(stiffness: Iterable[MreSeries]) -> list[Cluster]:
    """Put each series into the group that it matches best, series with an acquisition time first."""
    groups: list[list[MreSeries]] = []
    for member in sorted(stiffness, key=lambda one: (one.evidence.seconds is None, one.number, one.uid)):
        ranked = [
            (min(_closeness(member, other) for other in group), group)
            for group in groups
            if all(_belong_together(member, other) for other in group)
        ]
        best = min((closeness for closeness, _ in ranked), default=None)
        nearest = [group for closeness, group in ranked if closeness == best]
        if len(nearest) == 1:
            nearest[0].append(member)
        else:
            groups.append([member])
    return [Cluster(tuple(sorted(group, key=lambda one: one.order))) for group in groups]


def _closeness(one: MreSeries, other: MreSeries) -> tuple[bool, int]:
    return not same_time(one, other), abs(one.number - other.number)


def _belong_together(one: MreSeries, other: MreSeries) -> bool:
    if one.role is other.role and one.role is not Role.STIFFNESS_MASK_UNKNOWN:
        return not is_repeat(one, other) and missing_slices(one.series, other.series) == 0
    return not different_acquisitions(one, other) and same_stack(one.series, other.series)


def _protocols(single: Iterable[Cluster]) -> list[list[Cluster]]:
    """Group the breath-holds of one acquisition: the same grid, and names that do not contradict each other.

    A series without a name belongs to the only group that it can belong to.
    """
    groups: list[list[Cluster]] = []
    for cluster in sorted(single, key=lambda one: sum(not names for names in one.members[0].evidence.names)):
        fitting = [
            group
            for group in groups
            if _grid(group[0]) == _grid(cluster)
            and all(same_names(one.members[0], cluster.members[0]) for one in group)
        ]
        if len(fitting) == 1:
            fitting[0].append(cluster)
        else:
            groups.append([cluster])
    return groups


def _grid(cluster: Cluster) -> Hashable:
    """Return what the images of the breath-holds of one acquisition have in common."""
    first = cluster.members[0].series.first
    rounded = tuple(
        tuple(round(value, 2) for value in values) if values else None
        for values in (first.pixel_spacing_mm, first.orientation)
    )
    return (first.rows, first.columns, rounded, first.frame_of_reference_uid)


def _joined(parts: list[Cluster]) -> list[Candidate]:
    places = by_position(parts)
    if len(places) == 1:
        return [Candidate((part,)) for part in parts]
    whole = join_slices([place[0].members[0] for place in places])
    return [Candidate(tuple(parts), Cluster((whole,)))]


def by_position(parts: Iterable[Cluster]) -> list[list[Cluster]]:
    """Sort single-slice clusters along the slice normal, and group those of the same slice."""
    places: list[list[Cluster]] = []
    for part in sorted(parts, key=_distance_mm):
        if places and _distance_mm(part) - _distance_mm(places[-1][0]) < SAME_POSITION_MM:
            places[-1].append(part)
        else:
            places.append([part])
    return places


def _distance_mm(part: Cluster) -> float:
    return distinct_distances_mm(part.members[0].series)[0]


def join_slices(slices: Sequence[MreSeries]) -> MreSeries:
    """Join series that are ordered along the slice normal; the lowest series number gives UID and number."""
    first = min(slices, key=lambda member: member.order)
    series = Series(first.uid, first.number, tuple(image for member in slices for image in member.series.instances))
    entry = ClassifiedSeries(series, first.role, first.entry.reason)
    return MreSeries(entry, reduce(_both, (member.evidence for member in slices)))


def _both(one: AcquisitionEvidence, other: AcquisitionEvidence) -> AcquisitionEvidence:
    return AcquisitionEvidence(
        seconds=covering(one.seconds, other.seconds),
        dated=covering(one.dated, other.dated) if one.dated and other.dated else None,
        numbers=one.numbers | other.numbers,
        names=(one.names[0] | other.names[0], one.names[1] | other.names[1], one.names[2] | other.names[2]),
        stem=one.stem if one.stem == other.stem else "",
        shared_times=one.shared_times,
    )

"""Which stiffness series of an acquisition could be measured, and how confident their pixels are known to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from liver_mre.errors import AmbiguousSeriesError
from liver_mre.series.confidence_scale import confidence_scale
from liver_mre.series.pairing import suits
from liver_mre.series.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.series.grouping import Cluster
    from liver_mre.series.pairing import MreSeries
    from liver_mre.series.scanner_rules import ScannerRules


class ConfidenceKnownBy(IntEnum):
    """How the confidence of the pixels is known; the first that an acquisition offers is measured."""

    WITH_MAP = 0
    UNNAMED_WITH_MAP = 1
    MASKED = 2
    UNNAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One stiffness series that could be measured, with its confidence map if it needs one."""

    kind: ConfidenceKnownBy
    stiffness: MreSeries
    confidence: MreSeries | None = None
    scale: float | None = None

    @property
    def by_number(self) -> bool:
        """Whether images of the map are found by the order of their numbers, because its geometry is broken."""
        rank = suits(self.stiffness, self.confidence) if self.confidence else None
        return rank is not None and rank.by_number


def options_of(cluster: Cluster, maps: Sequence[MreSeries], rules: ScannerRules) -> list[Option]:
    """List what could be measured in a cluster, the preferred first."""
    options = []
    for member in cluster.members:
        if member.role is Role.STIFFNESS_MASKED:
            options.append(Option(ConfidenceKnownBy.MASKED, member))
            continue
        unmasked = member.role is Role.STIFFNESS
        found = _map_of(member, cluster, maps, rules)
        if found is not None:
            kind = ConfidenceKnownBy.WITH_MAP if unmasked else ConfidenceKnownBy.UNNAMED_WITH_MAP
            options.append(Option(kind, member, found, confidence_scale(found.series, rules)))
        elif not unmasked:
            options.append(Option(ConfidenceKnownBy.UNNAMED, member))
    return sorted(options, key=lambda option: option.kind)


def _map_of(stiffness: MreSeries, cluster: Cluster, maps: Sequence[MreSeries], rules: ScannerRules) -> MreSeries | None:
    """Find the confidence map of a stiffness series that suits no other of its kind in the cluster better."""
    usable = [one for one in maps if confidence_scale(one.series, rules) is not None]
    ranks = {one: rank for one in usable if (rank := suits(stiffness, one))}
    best = [one for one, rank in ranks.items() if rank == min(ranks.values())]
    if len(best) > 1:
        msg = (
            f"Two confidence maps suit stiffness series {stiffness.number} ({stiffness.uid}) equally well: "
            f"{listed(best)}. Send the study with one of them, or name a masked stiffness series with --series UID."
        )
        raise AmbiguousSeriesError(msg)
    others = cluster.of(stiffness.role) if stiffness.role is Role.STIFFNESS else []
    for one in best:
        if all((rank := suits(other, one)) is None or ranks[one] <= rank for other in others):
            return one
    return None


def ambiguous_message(candidates: Sequence[MreSeries]) -> str:
    """Name the series between which the user has to choose, and how."""
    return (
        f"{len(candidates)} series could be measured and nothing tells them apart: {listed(candidates)}. Name the one "
        "to measure with --series UID; `liver-mre check` describes each."
    )


def listed(series: Iterable[MreSeries]) -> str:
    """Name series by number and UID, in the order of their numbers."""
    ordered = sorted(series, key=lambda member: (member.number, member.uid))
    return ", ".join(f"series {member.number} ({member.uid})" for member in ordered)

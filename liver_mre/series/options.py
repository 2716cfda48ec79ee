"""Which stiffness series of an acquisition could be measured, and where the confidence of their pixels comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from liver_mre.errors import AmbiguousSeriesError
from liver_mre.series.confidence_scale import confidence_scale
from liver_mre.series.pairing import best_matches, match_rank
from liver_mre.series.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from liver_mre.series.grouping import Cluster
    from liver_mre.series.pairing import MreSeries
    from liver_mre.series.scanner_rules import ScannerRules


class ConfidenceSource(IntEnum):
    """Where the confidence of the pixels comes from, in order of preference.

    MASKING_UNKNOWN: headers do not say whether the series is masked, so only its pixels can tell.
    """

    MAP = 0
    MAP_MASKING_UNKNOWN = 1
    MASKED = 2
    MASKING_UNKNOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class MeasurementOption:
    """One stiffness series that could be measured, with its confidence map, if any, and the scale of that."""

    confidence_source: ConfidenceSource
    stiffness: MreSeries
    confidence: MreSeries | None = None
    scale: float | None = None

    @property
    def paired_by_number(self) -> bool:
        """Whether images of the map are paired by InstanceNumber because its geometry is broken."""
        rank = match_rank(self.stiffness, self.confidence) if self.confidence else None
        return rank is not None and rank.paired_by_number


def measurement_options(cluster: Cluster, maps: Sequence[MreSeries], rules: ScannerRules) -> list[MeasurementOption]:
    """List the stiffness series of a cluster that could be measured, the preferred one first."""
    options = []
    for member in cluster.members:
        if member.role is Role.STIFFNESS_MASKED:
            options.append(MeasurementOption(ConfidenceSource.MASKED, member))
            continue
        unmasked = member.role is Role.STIFFNESS
        found = _map_of(member, cluster, maps, rules)
        if found is not None:
            kind = ConfidenceSource.MAP if unmasked else ConfidenceSource.MAP_MASKING_UNKNOWN
            options.append(MeasurementOption(kind, member, found, confidence_scale(found.series, rules)))
        elif not unmasked:
            options.append(MeasurementOption(ConfidenceSource.MASKING_UNKNOWN, member))
    return sorted(options, key=lambda option: option.confidence_source)


def _map_of(stiffness: MreSeries, cluster: Cluster, maps: Sequence[MreSeries], rules: ScannerRules) -> MreSeries | None:
    """Find the best confidence map of a stiffness series, unless it matches another one of the cluster better."""
    usable = [one for one in maps if confidence_scale(one.series, rules) is not None]
    best = best_matches(stiffness, usable)
    if len(best) > 1:
        msg = (
            f"Two confidence maps suit stiffness series {stiffness.number} ({stiffness.uid}) equally well: "
            f"{listed(best)}. Send the study with one of them, or name a masked stiffness series with --series UID."
        )
        raise AmbiguousSeriesError(msg)
    others = cluster.of(stiffness.role) if stiffness.role is Role.STIFFNESS else []
    for one, own_rank in best.items():
        if all((rank := match_rank(other, one)) is None or own_rank <= rank for other in others):
            return one
    return None


def ambiguous_message(candidates: Sequence[MreSeries]) -> str:
    """Name the series that the user has to choose from, and how."""
    return (
        f"{len(candidates)} series could be measured and nothing tells them apart: {listed(candidates)}. Name the one "
        "to measure with --series UID; `liver-mre check` describes each."
    )


def listed(series: Iterable[MreSeries]) -> str:
    """Name series by number and UID, ordered by number."""
    ordered = sorted(series, key=lambda member: member.order)
    return ", ".join(f"series {member.number} ({member.uid})" for member in ordered)

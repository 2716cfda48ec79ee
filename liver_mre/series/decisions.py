"""What each series of a study is used for, in words for the user."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from liver_mre.series.roles import STIFFNESS_ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from liver_mre.series.classification import ClassifiedSeries
    from liver_mre.studies.study import Series

TO_MEASURE: Final = "chosen to be measured"
FOR_CONFIDENCE: Final = "used to leave out pixels under 95 % confidence"
FOR_ANATOMY: Final = "recorded as the anatomy of the measured slices; nothing is measured in it"


@dataclass(frozen=True, slots=True)
class SeriesDecision:
    """Role of one series, whether it is used, and why.

    `candidate` is the index of its acquisition among the study's candidates; None if it belongs to none.
    """

    series_instance_uid: str
    series_number: int
    description: str
    instances: int
    role: str
    used: bool
    reason: str
    candidate: int | None = None


@dataclass(frozen=True, slots=True)
class SeriesUse:
    """Use of one series, or of one part of it.

    Attributes
    ----------
    purpose : as the end of "Would be ..."; "" if it is not used
    why_not : why it is not measured, as a sentence; "" where its role says enough
    candidate : index of its acquisition among the candidates; None if it belongs to none
    stands_for : number of the stiffness series that stands for that acquisition
    """

    purpose: str = ""
    why_not: str = ""
    candidate: int | None = None
    stands_for: int = 0


@dataclass(slots=True)
class SeriesUses:
    """Use of each classified series, by its index in the study."""

    entries: Sequence[ClassifiedSeries]
    by_entry: dict[int, SeriesUse] = field(default_factory=dict)

    def set(self, entry: ClassifiedSeries, use: SeriesUse) -> None:
        """Record the use of an entry, unless it has one."""
        index = next(i for i, known in enumerate(self.entries) if known is entry)
        self.by_entry.setdefault(index, use)

    def decisions(self, *, selected: bool) -> tuple[SeriesDecision, ...]:
        """Return the decision on every entry; none counts as used unless the acquisitions are `selected`."""
        uses = [self.by_entry.get(index, SeriesUse()) for index in range(len(self.entries))]
        several = len({use.candidate for use in uses if use.candidate is not None}) > 1
        return tuple(
            SeriesDecision(
                series_instance_uid=uid,
                series_number=number,
                description=entry.series.first.series_description,
                instances=images,
                role=entry.role,
                used=selected and bool(use.purpose),
                reason=_reason(entry, use, selected=selected, several=several),
                candidate=use.candidate,
            )
            for entry, use in zip(self.entries, uses, strict=True)
            for uid, number, images in _stored_as(entry.series)
        )


def _stored_as(series: Series) -> list[tuple[str, int, int]]:
    """Return UID, number and image count of a series, or of each part of a split one that has images in it."""
    if not series.parts:
        return [(series.series_instance_uid, series.series_number, len(series.instances))]
    counts = Counter(image.series_instance_uid for image in series.instances)
    stored = [(part.series_instance_uid, part.series_number) for part in series.parts]
    return [(uid, number, counts[uid]) for uid, number in stored if counts[uid]]


def _reason(entry: ClassifiedSeries, use: SeriesUse, *, selected: bool, several: bool) -> str:
    said = use.why_not
    if use.purpose:
        said = f"{use.purpose[0].upper()}{use.purpose[1:]}." if selected else f"Would be {use.purpose}."
    belongs = f"Acquisition of series {use.stands_for}." if several and use.candidate is not None else ""
    return " ".join(part for part in (said, entry.reason, belongs) if part)


def with_outcomes(
    decisions: Sequence[SeriesDecision], chosen: int | None, outcomes: Mapping[tuple[int, str], str]
) -> tuple[SeriesDecision, ...]:
    """Add why acquisitions are not reported to the decisions on their series.

    Parameters
    ----------
    decisions : those of the plan
    chosen : the candidate that is reported; None if none is
    outcomes : why each other acquisition is not reported, as a sentence, by candidate and SeriesInstanceUID. Two
        acquisitions share a candidate if headers do not say which of two stiffness series is masked

    Returns
    -------
    The decisions; series of acquisitions that are not reported no longer count as used.
    """
    of_candidate = {candidate: words for (candidate, _), words in outcomes.items() if candidate != chosen}
    of_series = {uid: words for (_, uid), words in outcomes.items()}
    changed = []
    for decision in decisions:
        words = None if decision.candidate is None else of_candidate.get(decision.candidate)
        if decision.role not in STIFFNESS_ROLES:
            changed.append(replace(decision, used=decision.used and words is None))
            continue
        words = of_series.get(decision.series_instance_uid, words)
        said = decision.used and words is not None
        changed.append(replace(decision, used=False, reason=f"{decision.reason} {words}") if said else decision)
    return tuple(changed)


def why_stiffness_is_unused(measured: Sequence[int], *, masked: bool | None) -> str:
    """Return why another stiffness series of the acquisition is measured instead.

    Parameters
    ----------
    measured : numbers of the measured series
    masked : whether these are masked; None if unknown
    """
    which = f"series {', '.join(str(number) for number in sorted(measured))}"
    if masked:
        return f"Not measured: {which} of the same acquisition is, from which unreliable pixels are removed already."
    if masked is None:
        return f"Not measured: {which} of the same acquisition is."
    return f"Not measured: the unmasked stiffness of the same acquisition ({which}) has a confidence map."

"""What became of every series of a study, in words for a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from liver_mre.core.study import SeriesDecision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.core.roles import ClassifiedSeries

TO_MEASURE: Final = "chosen to be measured"
FOR_CONFIDENCE: Final = "used to leave out pixels under 95 % confidence"
FOR_ANATOMY: Final = "recorded as the anatomy of the measured slices; nothing is measured in it"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one series, or of one part of it.

    Attributes
    ----------
    use : what it serves for, as the end of "Would be ..."; "" if for nothing
    why_not : why it is not measured, as a sentence; "" where its role says enough
    acquisition_uid, acquisition_number : UID and number of the stiffness series that stands for its acquisition
    """

    use: str = ""
    why_not: str = ""
    acquisition_uid: str = ""
    acquisition_number: int = 0


@dataclass(slots=True)
class Fates:
    """What became of each entry, by its place in the study."""

    entries: Sequence[ClassifiedSeries]
    by_entry: dict[int, Fate] = field(default_factory=dict)

    def set(self, entry: ClassifiedSeries, fate: Fate) -> None:
        """Record what became of an entry; the first word about it stays."""
        index = next(i for i, known in enumerate(self.entries) if known is entry)
        self.by_entry.setdefault(index, fate)

    def decisions(self, *, final: bool) -> tuple[SeriesDecision, ...]:
        """Say what became of every entry; nothing counts as used before the selection is `final`."""
        fates = [self.by_entry.get(index, Fate()) for index in range(len(self.entries))]
        several = len({fate.acquisition_uid for fate in fates if fate.acquisition_uid}) > 1
        return tuple(
            SeriesDecision(
                series_instance_uid=entry.series.series_instance_uid,
                series_number=entry.series.series_number,
                description=entry.series.first.series_description,
                instances=len(entry.series.instances),
                role=entry.role,
                used=final and bool(fate.use),
                reason=_reason(entry, fate, final=final, several=several),
                acquisition_uid=fate.acquisition_uid,
            )
            for entry, fate in zip(self.entries, fates, strict=True)
        )


def _reason(entry: ClassifiedSeries, fate: Fate, *, final: bool, several: bool) -> str:
    said = fate.why_not
    if fate.use:
        said = f"{fate.use[0].upper()}{fate.use[1:]}." if final else f"Would be {fate.use}."
    belongs = ""
    if several and fate.acquisition_uid:
        belongs = f"Acquisition of series {fate.acquisition_number}."
    return " ".join(part for part in (said, entry.reason, belongs) if part)


def why_stiffness_is_unused(measured: Sequence[int], *, masked: bool | None) -> str:
    """Say why a stiffness series gave way to another one of its acquisition.

    Parameters
    ----------
    measured : numbers of the series that are measured
    masked : whether those are masked
    """
    which = f"series {', '.join(str(number) for number in sorted(measured))}"
    if masked:
        return f"Not measured: {which} of the same acquisition is, from which unreliable pixels are removed already."
    if masked is None:
        return f"Not measured: {which} of the same acquisition is."
    return f"Not measured: the unmasked stiffness of the same acquisition ({which}) has a confidence map."

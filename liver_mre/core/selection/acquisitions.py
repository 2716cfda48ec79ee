"""Which of several measured acquisitions of a study is reported, and what is said about the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.core.roles import STIFFNESS_ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from liver_mre.core.study import SeriesDecision


def preferred(areas_cm2: Sequence[float | None]) -> int | None:
    """Choose the acquisition that is reported: the one with the largest measured area of liver.

    The more of the liver is measured, the less the mean depends on where the waves happened to reach. Of two that show
    the same area, the later one counts: an acquisition is repeated because somebody thought that it could be better.

    Parameters
    ----------
    areas_cm2 : measured area of each acquisition, in their order; None where nothing could be measured

    Returns
    -------
    Its index, or None if none could be measured.
    """
    measured = [(area_cm2, index) for index, area_cm2 in enumerate(areas_cm2) if area_cm2 is not None]
    return max(measured)[1] if measured else None


def with_choice(
    decisions: Sequence[SeriesDecision], chosen_uid: str | None, outcomes: Mapping[str, str]
) -> tuple[SeriesDecision, ...]:
    """Say about the acquisitions that are not reported why they are not.

    Parameters
    ----------
    decisions : as `selection.select` made them
    chosen_uid : SeriesInstanceUID of the stiffness series that is reported; None if none is
    outcomes : why each other is not, by the SeriesInstanceUID of its stiffness series, as a sentence

    Returns
    -------
    The decisions; no series of an acquisition that is only in `outcomes` counts as used any more.
    """
    stands_for = {d.series_instance_uid: d.acquisition_uid for d in decisions if d.role in STIFFNESS_ROLES and d.used}
    kept = stands_for.get(chosen_uid) if chosen_uid is not None else None
    by_acquisition = {stands_for[uid]: outcome for uid, outcome in outcomes.items() if uid in stands_for}
    if kept is not None:
        by_acquisition.pop(kept, None)
    return tuple(_with_outcome(decision, by_acquisition, outcomes) for decision in decisions)


def _with_outcome(
    decision: SeriesDecision, by_acquisition: Mapping[str, str], by_series: Mapping[str, str]
) -> SeriesDecision:
    outcome = by_acquisition.get(decision.acquisition_uid)
    if decision.role not in STIFFNESS_ROLES:
        return replace(decision, used=decision.used and outcome is None)
    outcome = by_series.get(decision.series_instance_uid, outcome)
    if not decision.used or outcome is None:
        return decision
    return replace(decision, used=False, reason=f"{decision.reason} {outcome}")

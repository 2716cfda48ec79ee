"""What becomes of one candidate acquisition: what is measured of it, or why nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.errors import MreError, UsageError
from liver_mre.series.choosing import choose
from liver_mre.series.completion import PlannedAcquisition, complete_acquisition
from liver_mre.series.decisions import (
    FOR_ANATOMY,
    FOR_CONFIDENCE,
    TO_MEASURE,
    SeriesUse,
    why_stiffness_is_unused,
)

if TYPE_CHECKING:
    from liver_mre.series.decisions import SeriesUses
    from liver_mre.series.grouping import Candidate, Companions
    from liver_mre.series.scanner_rules import ScannerRules


@dataclass(frozen=True, slots=True)
class CandidateOutcome:
    """Outcome of one candidate: an acquisition (two if it is unknown which series is masked), or an error."""

    candidate: Candidate
    planned: tuple[PlannedAcquisition, ...] = ()
    error: MreError | None = None
    skipped: bool = False


def outcome_of(
    candidate: Candidate,
    companions: Companions,
    rules: ScannerRules,
    *,
    series_uid: str | None = None,
    kpa_per_count: float | None = None,
) -> CandidateOutcome:
    """Choose what is measured of a candidate and complete it; for the parameters see `plan.plan_series`.

    Raises
    ------
    SettingsError
        `kpa_per_count` is not a positive number.
    """
    try:
        choices = choose(candidate, companions, rules, series_uid=series_uid)
        planned = tuple(
            complete_acquisition(
                choice, candidate, companions, rules, kpa_per_count=kpa_per_count, requested=series_uid is not None
            )
            for choice in choices
        )
    except UsageError:
        raise
    except MreError as error:
        return CandidateOutcome(candidate, error=error)
    return CandidateOutcome(candidate, planned)


def record_uses(place: int, outcome: CandidateOutcome, companions: Companions, uses: SeriesUses) -> None:
    """Record the use of each series of a candidate."""
    stands = outcome.planned[0].choice.stiffness if outcome.planned else outcome.candidate.members[0]

    def use(purpose: str = "", why_not: str = "") -> SeriesUse:
        return SeriesUse(purpose, why_not, place, stands.number)

    for each in outcome.planned:
        for option in each.choice.options:
            uses.set(option.stiffness.entry, use(TO_MEASURE))
            if option.confidence is not None:
                uses.set(option.confidence.entry, use(FOR_CONFIDENCE))
        for member in each.magnitudes:
            uses.set(member.entry, use(FOR_ANATOMY))
        for member in each.choice.replaced:
            uses.set(member.entry, use(why_not="Not measured: its slice was acquired again later."))
    why_not = _why_not(outcome)
    for member in outcome.candidate.members:
        uses.set(member.entry, use(why_not=why_not))
    for member in companions.of_candidate(outcome.candidate):
        uses.set(member.entry, use())


def _why_not(outcome: CandidateOutcome) -> str:
    if outcome.skipped:
        return "Not measured: another series was asked for."
    if outcome.error is not None:
        return str(outcome.error)
    measured = [option.stiffness.number for each in outcome.planned for option in each.choice.options]
    return why_stiffness_is_unused(measured, masked=outcome.planned[0].choice.masked)

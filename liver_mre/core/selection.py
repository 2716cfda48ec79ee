"""Which series of a study is measured, and why each of the others is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.core.geometry import missing_message, missing_slices
from liver_mre.core.roles import ClassifiedSeries, classify
from liver_mre.core.rules import all_hold
from liver_mre.core.study import Role, Selection, SeriesDecision
from liver_mre.core.units import resolve_unit
from liver_mre.errors import (
    AmbiguousSeriesError,
    MissingSlicesError,
    MixedPatientsError,
    NoEligibleSeriesError,
    UsageError,
)

if TYPE_CHECKING:
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.study import Series, Study


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A stiffness series whose confidence is known: masked already, or with a confidence map of the same slices."""

    stiffness: ClassifiedSeries
    confidence: Series | None = None
    confidence_per_count: float | None = None

    @property
    def uid(self) -> str:
        return self.stiffness.series.series_instance_uid


def list_series(study: Study, rules: ScannerRules) -> tuple[SeriesDecision, ...]:
    """Say for every series what it is and whether it would be measured. Never raises for an unusable study."""
    classified = classify(study, rules)
    candidates = _preferred(_candidates(classified, rules))
    chosen = candidates[0] if len(candidates) == 1 else None
    return _decide(classified, chosen, candidates)


def select(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> Selection:
    """Choose the one series to measure.

    A stiffness series is eligible only if the confidence of its pixels is known. A series that is masked at 95 %
    already is preferred to one with a separate confidence map.

    Parameters
    ----------
    study : the study, as read
    rules : scanner rules
    series_uid : measure this series
    kpa_per_count : scale set by the user instead of the scanner's

    Raises
    ------
    MixedPatientsError
        The study holds images of more than one patient.
    NoEligibleSeriesError
        No series, or not the one asked for, can be measured.
    AmbiguousSeriesError
        More than one series could be measured, and `series_uid` does not say which.
    UsageError
        `series_uid` names no series of the study.
    UnknownUnitError
        The unit of the pixels is not known or contradictory.
    MissingSlicesError
        Another series of the same acquisition shows slices that the stiffness series lacks.
    """
    _check_one_patient(study)
    classified = classify(study, rules)
    candidates = _candidates(classified, rules)
    if series_uid is None:
        chosen = _only(_preferred(candidates), classified)
    else:
        chosen = _named(series_uid, candidates, classified)
    series = chosen.stiffness.series
    _check_complete(series, classified)
    return Selection(
        stiffness=series,
        masked=chosen.confidence is None,
        confidence=chosen.confidence,
        magnitude=_companion(series, Role.MAGNITUDE, classified),
        unit=resolve_unit(series, chosen.stiffness.role, rules, kpa_per_count=kpa_per_count),
        decisions=_decide(classified, chosen, candidates),
        confidence_per_count=chosen.confidence_per_count,
    )


def _check_one_patient(study: Study) -> None:
    patients = {instance.patient_key for series in study.series for instance in series.instances}
    if len(patients) > 1:
        raise MixedPatientsError


def _candidates(classified: tuple[ClassifiedSeries, ...], rules: ScannerRules) -> list[_Candidate]:
    candidates = []
    for entry in classified:
        if entry.role is Role.STIFFNESS_MASKED:
            candidates.append(_Candidate(entry))
        elif entry.role is Role.STIFFNESS:
            confidence = _companion(entry.series, Role.CONFIDENCE, classified)
            scale = _confidence_scale(confidence, rules) if confidence else None
            if scale is not None:
                candidates.append(_Candidate(entry, confidence, scale))
    return candidates


def _preferred(candidates: list[_Candidate]) -> list[_Candidate]:
    masked = [candidate for candidate in candidates if candidate.confidence is None]
    return masked or candidates


def _only(candidates: list[_Candidate], classified: tuple[ClassifiedSeries, ...]) -> _Candidate:
    if len(candidates) > 1:
        uids = ", ".join(candidate.uid for candidate in candidates)
        msg = (
            f"{len(candidates)} series could be measured: {uids}. Name the one to measure with --series UID; "
            "`liver-mre check` describes each."
        )
        raise AmbiguousSeriesError(msg)
    if candidates:
        return candidates[0]
    if any(entry.role is Role.STIFFNESS for entry in classified):
        msg = (
            "This study holds a stiffness series, but nothing says which of its pixels are at least 95 % confident: "
            "there is no stiffness series masked at 95 % and no confidence map of the same slices. "
            "Send that series too."
        )
        raise NoEligibleSeriesError(msg)
    raise NoEligibleSeriesError


def _named(series_uid: str, candidates: list[_Candidate], classified: tuple[ClassifiedSeries, ...]) -> _Candidate:
    for candidate in candidates:
        if candidate.uid == series_uid:
            return candidate
    for decision in _decide(classified, None, candidates):
        if decision.series_instance_uid == series_uid:
            msg = f"The series asked for cannot be measured. {decision.reason}"
            raise NoEligibleSeriesError(msg)
    msg = f"No series of this study has the UID {series_uid}. `liver-mre check` lists the series of a study."
    raise UsageError(msg)


def _check_complete(series: Series, classified: tuple[ClassifiedSeries, ...]) -> None:
    for role, name in ((Role.MAGNITUDE, "magnitude"), (Role.STIFFNESS, "unmasked stiffness")):
        companion = _companion(series, role, classified)
        missing = missing_slices(series, companion) if companion else None
        if missing:
            raise MissingSlicesError(missing_message(missing, f"The {name} series of the same slices has more."))


def _companion(series: Series, role: Role, classified: tuple[ClassifiedSeries, ...]) -> Series | None:
    """Find the series of a role that shows the same slices: fewest others beside them, then nearest number."""
    ranked = []
    for entry in classified:
        missing = missing_slices(series, entry.series) if entry.role is role else None
        if missing is not None and entry.series is not series:
            distance = abs(entry.series.series_number - series.series_number)
            ranked.append((missing, distance, entry.series.series_instance_uid, entry.series))
    return min(ranked, key=lambda rank: rank[:3])[3] if ranked else None


def _confidence_scale(series: Series, rules: ScannerRules) -> float | None:
    scales = {
        next((rule.confidence_per_count for rule in rules.confidence if all_hold(rule.when, instance)), None)
        for instance in series.instances
    }
    return scales.pop() if len(scales) == 1 else None


def _decide(
    classified: tuple[ClassifiedSeries, ...], chosen: _Candidate | None, candidates: list[_Candidate]
) -> tuple[SeriesDecision, ...]:
    magnitude = _companion(chosen.stiffness.series, Role.MAGNITUDE, classified) if chosen else None
    decisions = []
    for entry in classified:
        series = entry.series
        used, reason = _use(entry, chosen, magnitude, candidates)
        decisions.append(
            SeriesDecision(
                series_instance_uid=series.series_instance_uid,
                series_number=series.series_number,
                description=series.first.series_description,
                instances=len(series.instances),
                role=entry.role,
                used=used,
                reason=reason,
            )
        )
    return tuple(decisions)


def _use(
    entry: ClassifiedSeries, chosen: _Candidate | None, magnitude: Series | None, candidates: list[_Candidate]
) -> tuple[bool, str]:
    if chosen is not None and entry.series is chosen.stiffness.series:
        return True, f"Measured. {entry.reason}"
    if chosen is not None and entry.series is chosen.confidence:
        return True, f"Used to leave out pixels under 95 % confidence. {entry.reason}"
    if entry.series is magnitude:
        return (
            True,
            f"Recorded as the anatomy of the measured slices; nothing is measured in it. {entry.reason}",
        )
    if entry.role in {Role.STIFFNESS, Role.STIFFNESS_MASKED}:
        return False, f"{_why_stiffness_is_unused(entry, chosen, candidates)} {entry.reason}"
    return False, entry.reason


def _why_stiffness_is_unused(entry: ClassifiedSeries, chosen: _Candidate | None, candidates: list[_Candidate]) -> str:
    if not any(entry is candidate.stiffness for candidate in candidates):
        return "Not measured: nothing says which of its pixels are at least 95 % confident."
    if chosen is None:
        return "Could be measured, and so could another series: name one with --series UID."
    return "Not measured: another stiffness series of this study was chosen."

"""Which series of a study is measured, and why each of the others is not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from liver_mre.core.geometry import missing_message, missing_slices
from liver_mre.core.roles import ClassifiedSeries, classify
from liver_mre.core.rules import all_hold
from liver_mre.core.study import Role, Selection, SeriesDecision
from liver_mre.core.units import resolve_unit
from liver_mre.errors import (
    AmbiguousSeriesError,
    ConflictingFilesError,
    MissingSlicesError,
    MixedPatientsError,
    MixedSeriesError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SeriesNotMeasurableError,
)

if TYPE_CHECKING:
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.study import Series, Study


_STIFFNESS: Final = frozenset({Role.STIFFNESS, Role.STIFFNESS_MASKED})
_MRE: Final = _STIFFNESS | {Role.CONFIDENCE, Role.MAGNITUDE, Role.PHASE, Role.WAVE}
# Series of the same acquisition, which show the same slices as its stiffness.
_WITNESSES: Final = {
    Role.MAGNITUDE: "magnitude series",
    Role.STIFFNESS: "unmasked stiffness series",
    Role.CONFIDENCE: "confidence map",
    Role.PHASE: "phase series",
    Role.WAVE: "wave series",
}


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
    """Say for every series what it is and whether it would be measured. Never raises for an unusable study.

    No series counts as used yet: that takes a successful `select`.
    """
    classified = classify(study, rules)
    candidates = _preferred(_candidates(classified, rules))
    chosen = candidates[0] if len(candidates) == 1 else None
    return _decide(classified, chosen, candidates, final=False)


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
        The study holds no MR elastography, or not the series asked for.
    NoStiffnessError, NoConfidenceError, MixedSeriesError, SeriesNotMeasurableError
        The study holds MR elastography, but no series, or not the one asked for, can be measured.
    ConflictingFilesError
        Files of the series to measure have the same SOPInstanceUID and different content.
    AmbiguousSeriesError
        More than one series could be measured, and `series_uid` does not say which.
    UnknownUnitError
        The unit of the pixels is not known or contradictory.
    MissingSlicesError
        Another series of the same acquisition shows slices that the stiffness series lacks.
    """
    _check_one_patient(study)
    classified = classify(study, rules)
    candidates = _candidates(classified, rules)
    if series_uid is None:
        chosen = _only(_preferred(candidates), classified, rules)
    else:
        chosen = _named(series_uid, candidates, classified)
    series = chosen.stiffness.series
    _check_copies(chosen)
    _check_complete(series, classified)
    return Selection(
        stiffness=series,
        masked=chosen.confidence is None,
        confidence=chosen.confidence,
        magnitude=_companion(series, Role.MAGNITUDE, classified),
        unit=resolve_unit(series, chosen.stiffness.role, rules, kpa_per_count=kpa_per_count),
        decisions=_decide(classified, chosen, candidates, final=True),
        confidence_per_count=chosen.confidence_per_count,
    )


def _check_one_patient(study: Study) -> None:
    patients = {instance.patient_key for series in study.series for instance in series.instances}
    if any(one.conflicts(other) for one, other in combinations(patients, 2)):
        raise MixedPatientsError


def _check_copies(chosen: _Candidate) -> None:
    measured = [chosen.stiffness.series, *([chosen.confidence] if chosen.confidence else [])]
    if any(instance.conflicting for series in measured for instance in series.instances):
        raise ConflictingFilesError


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


def _only(candidates: list[_Candidate], classified: tuple[ClassifiedSeries, ...], rules: ScannerRules) -> _Candidate:
    if len(candidates) > 1:
        uids = ", ".join(candidate.uid for candidate in candidates)
        msg = (
            f"{len(candidates)} series could be measured: {uids}. Name the one to measure with --series UID; "
            "`liver-mre check` describes each."
        )
        raise AmbiguousSeriesError(msg)
    if not candidates:
        raise _why_none(classified, rules)
    return candidates[0]


def _why_none(classified: tuple[ClassifiedSeries, ...], rules: ScannerRules) -> NoEligibleSeriesError:
    mixed = next((entry for entry in classified if entry.mixed & _STIFFNESS), None)
    if mixed is not None:
        return MixedSeriesError(
            f"Series {mixed.series.series_instance_uid} holds stiffness images together with images of another kind "
            f"({', '.join(sorted(mixed.mixed))}). Nothing was measured; take the others out, or send the series again."
        )
    if any(entry.role in _STIFFNESS for entry in classified):
        return NoConfidenceError()
    if any(_is_elastography(entry, rules) for entry in classified):
        return NoStiffnessError()
    return NoEligibleSeriesError()


def _is_elastography(entry: ClassifiedSeries, rules: ScannerRules) -> bool:
    """Tell by its role, or because it comes from a sequence for whose stiffness a scale is known."""
    if ({entry.role} | entry.mixed) & _MRE:
        return True
    return any(all_hold(rule.when, instance) for rule in rules.units for instance in entry.series.instances)


def _named(series_uid: str, candidates: list[_Candidate], classified: tuple[ClassifiedSeries, ...]) -> _Candidate:
    for candidate in candidates:
        if candidate.uid == series_uid:
            return candidate
    for decision in _decide(classified, None, candidates, final=False):
        if decision.series_instance_uid == series_uid:
            msg = f"The series asked for cannot be measured. {decision.reason}"
            raise SeriesNotMeasurableError(msg)
    msg = f"No series of this study has the UID {series_uid}. `liver-mre check` lists the series of a study."
    raise NoEligibleSeriesError(msg)


def _check_complete(series: Series, classified: tuple[ClassifiedSeries, ...]) -> None:
    for role, name in _WITNESSES.items():
        companion = _companion(series, role, classified)
        missing = missing_slices(series, companion) if companion else None
        if missing:
            raise MissingSlicesError(missing_message(missing, f"The {name} of the same slices has more."))


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
    classified: tuple[ClassifiedSeries, ...], chosen: _Candidate | None, candidates: list[_Candidate], *, final: bool
) -> tuple[SeriesDecision, ...]:
    uses = _uses(chosen, classified) if chosen else {}
    decisions = []
    for entry in classified:
        series = entry.series
        use = uses.get(series.series_instance_uid)
        decisions.append(
            SeriesDecision(
                series_instance_uid=series.series_instance_uid,
                series_number=series.series_number,
                description=series.first.series_description,
                instances=len(series.instances),
                role=entry.role,
                used=final and use is not None,
                reason=_reason(entry, use, chosen, candidates, final=final),
            )
        )
    return tuple(decisions)


def _uses(chosen: _Candidate, classified: tuple[ClassifiedSeries, ...]) -> dict[str, str]:
    """Say what each series that serves the measurement is for, by its UID."""
    series = chosen.stiffness.series
    magnitude = _companion(series, Role.MAGNITUDE, classified)
    uses = {series.series_instance_uid: "chosen to be measured"}
    if chosen.confidence:
        uses[chosen.confidence.series_instance_uid] = "used to leave out pixels under 95 % confidence"
    if magnitude:
        uses[magnitude.series_instance_uid] = (
            "recorded as the anatomy of the measured slices; nothing is measured in it"
        )
    return uses


def _reason(
    entry: ClassifiedSeries,
    use: str | None,
    chosen: _Candidate | None,
    candidates: list[_Candidate],
    *,
    final: bool,
) -> str:
    if use is not None:
        return f"{use[0].upper()}{use[1:]}. {entry.reason}" if final else f"Would be {use}. {entry.reason}"
    if entry.role in _STIFFNESS:
        return f"{_why_stiffness_is_unused(entry, chosen, candidates)} {entry.reason}"
    return entry.reason


def _why_stiffness_is_unused(entry: ClassifiedSeries, chosen: _Candidate | None, candidates: list[_Candidate]) -> str:
    if not any(entry is candidate.stiffness for candidate in candidates):
        return "Not measured: nothing says which of its pixels are at least 95 % confident."
    if chosen is None:
        return "Could be measured, and so could another series: name one with --series UID."
    return "Not measured: another stiffness series of this study was chosen."

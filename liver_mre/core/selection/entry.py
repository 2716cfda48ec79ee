"""What of a study is measured, with which unit, and why each of its other series is not.

A study holds acquisitions: stiffness series with the companions that come from the same raw images. Every one that
can be measured is a candidate; one that cannot is rejected with its reason and does not stop the others. What nothing
tells apart is never chosen between: the user names a series.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from liver_mre.core.roles import STIFFNESS_ROLES, ClassifiedSeries, classify
from liver_mre.core.rules import all_hold
from liver_mre.core.selection.choosing import choose
from liver_mre.core.selection.decisions import (
    FOR_ANATOMY,
    FOR_CONFIDENCE,
    TO_MEASURE,
    Fate,
    Fates,
    why_stiffness_is_unused,
)
from liver_mre.core.selection.grouping import Acquisition, Claims, acquisitions, claims
from liver_mre.core.selection.measurable import Measurable, measurable
from liver_mre.core.selection.pairing import members
from liver_mre.core.study import RejectedAcquisition, Role, StudySelection
from liver_mre.errors import (
    AmbiguousSeriesError,
    MixedPatientsError,
    MixedSeriesError,
    MreError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SeriesNotMeasurableError,
    UsageError,
)

if TYPE_CHECKING:
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.study import SeriesDecision, Study

_COMPANIONS: Final = frozenset({Role.CONFIDENCE, Role.MAGNITUDE, Role.PHASE, Role.WAVE})
_MRE: Final = STIFFNESS_ROLES | _COMPANIONS


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one acquisition: one thing to measure, or two unnamed twins, or an error."""

    acquisition: Acquisition
    found: tuple[Measurable, ...] = ()
    error: MreError | None = None
    passed_over: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """What came of the study's acquisitions, before anybody decides whether that is enough."""

    classified: tuple[ClassifiedSeries, ...]
    claims: Claims
    outcomes: tuple[_Outcome, ...]


def list_series(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> tuple[SeriesDecision, ...]:
    """Say for every series what it is and whether it would be measured. Never raises for an unusable study.

    No series counts as used yet: that takes a successful `select`.
    """
    return _decisions(_plan(study, rules, series_uid, kpa_per_count), final=False)


def select(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> StudySelection:
    """Find every acquisition of a study that can be measured.

    Of one acquisition its unmasked stiffness is measured if there is a confidence map, otherwise its masked one.

    Parameters
    ----------
    study : the study, as read
    rules : scanner rules
    series_uid : measure the acquisition of this stiffness series only, and of the masked and the unmasked one this one
        where its confidence is known
    kpa_per_count : scale set by the user instead of the scanner's

    Raises
    ------
    MixedPatientsError
        The study holds images of more than one patient.
    AmbiguousSeriesError
        Nothing tells two acquisitions or two companions apart, and `series_uid` does not say which is meant.
    NoEligibleSeriesError
        The study holds no MR elastography, or not the series asked for.
    NoStiffnessError, SeriesNotMeasurableError
        The study holds MR elastography, but no stiffness, or the series asked for cannot be measured.
    MixedSeriesError, NoConfidenceError, ConflictingFilesError, MissingSlicesError, GeometryError, UnknownUnitError
        No acquisition can be measured; of several errors the gravest is raised, with the words of all.
    """
    _check_one_patient(study)
    plan = _plan(study, rules, series_uid, kpa_per_count)
    if series_uid is not None:
        _check_named(series_uid, plan)
    for outcome in plan.outcomes:
        if isinstance(outcome.error, AmbiguousSeriesError):
            raise outcome.error
    found = [each.selection for outcome in plan.outcomes for each in outcome.found]
    rejected = _rejected(plan) if series_uid is None else ()
    if not found:
        raise _why_none(plan, rejected, rules)
    found.sort(key=lambda one: (one.stiffness.series_number, one.stiffness.series_instance_uid))
    return StudySelection(tuple(found), rejected, _decisions(plan, final=True))


def _check_one_patient(study: Study) -> None:
    patients = {instance.patient_key for series in study.series for instance in series.instances}
    if any(one.conflicts(other) for one, other in combinations(patients, 2)):
        raise MixedPatientsError


def _plan(study: Study, rules: ScannerRules, series_uid: str | None, kpa_per_count: float | None) -> _Plan:
    classified = classify(study, rules)
    involved = members(entry for entry in classified if entry.role in _MRE)
    found = acquisitions(member for member in involved if member.role in STIFFNESS_ROLES)
    asked = next((one for one in found if any(member.uid == series_uid for member in one.members)), None)
    companions = (member for member in involved if member.role in _COMPANIONS)
    links = claims(found, companions, favoured=asked)
    outcomes = []
    for acquisition in found:
        if series_uid is not None and acquisition is not asked:
            outcomes.append(_Outcome(acquisition, passed_over=True))
            continue
        try:
            choices = choose(acquisition, links, rules, series_uid=series_uid)
            each = tuple(
                measurable(choice, acquisition, links, rules, kpa_per_count=kpa_per_count, asked=series_uid is not None)
                for choice in choices
            )
        except UsageError:
            raise
        except MreError as error:
            outcomes.append(_Outcome(acquisition, error=error))
        else:
            outcomes.append(_Outcome(acquisition, each))
    return _Plan(classified, links, tuple(outcomes))


def _check_named(series_uid: str, plan: _Plan) -> None:
    """Refuse a series that is no stiffness series of the study, or cannot be measured."""
    outcome = next((one for one in plan.outcomes if not one.passed_over), None)
    if outcome is None:
        reasons = [entry.reason for entry in plan.classified if entry.series.series_instance_uid == series_uid]
        if reasons:
            msg = f"The series asked for cannot be measured. {' '.join(reasons)}"
            raise SeriesNotMeasurableError(msg)
        msg = f"No series of this study has the UID {series_uid}. `liver-mre check` lists the series of a study."
        raise NoEligibleSeriesError(msg)
    if isinstance(outcome.error, NoConfidenceError):
        msg = f"The series asked for cannot be measured. {outcome.error}"
        raise SeriesNotMeasurableError(msg)
    if outcome.error is not None:
        raise outcome.error


def _rejected(plan: _Plan) -> tuple[RejectedAcquisition, ...]:
    rejected = [
        RejectedAcquisition(outcome.acquisition.members[0].series, outcome.error)
        for outcome in plan.outcomes
        if outcome.error is not None
    ]
    rejected += [
        RejectedAcquisition(entry.series, _mixed(entry)) for entry in plan.classified if entry.mixed & STIFFNESS_ROLES
    ]
    return tuple(sorted(rejected, key=lambda one: (one.series.series_number, one.series.series_instance_uid)))


def _mixed(entry: ClassifiedSeries) -> MixedSeriesError:
    words = ", ".join(sorted(role.replace("_", " ") for role in entry.mixed))
    return MixedSeriesError(
        f"Series {entry.series.series_number} ({entry.series.series_instance_uid}) holds stiffness images together "
        f"with images of another kind ({words}). Nothing was measured; take the others out, or send the series again."
    )


def _why_none(plan: _Plan, rejected: tuple[RejectedAcquisition, ...], rules: ScannerRules) -> MreError:
    if len(rejected) == 1:
        return rejected[0].error
    if rejected:
        # A lack of confidence explains least: what another series suffers from may be why nothing goes with it.
        gravest = max(rejected, key=lambda one: (one.error.exit_code, not isinstance(one.error, NoConfidenceError)))
        each = " ".join(f"Series {one.series.series_number}: {one.error}" for one in rejected)
        return type(gravest.error)(f"None of the {len(rejected)} acquisitions can be measured. {each}")
    conflicts = [entry for entry in plan.classified if entry.conflict]
    if conflicts:
        each = " ".join(f"Series {entry.series.series_number}: {entry.conflict}" for entry in conflicts)
        return NoStiffnessError(f"{NoStiffnessError.default_message} {each}")
    if any(_is_elastography(entry, rules) for entry in plan.classified):
        return NoStiffnessError()
    return NoEligibleSeriesError()


def _is_elastography(entry: ClassifiedSeries, rules: ScannerRules) -> bool:
    """Tell by its role, or because it comes from a sequence for whose stiffness a scale is known."""
    if ({entry.role} | entry.mixed) & _MRE:
        return True
    images = [instance for instance in entry.series.instances if instance.modality.upper() in {"MR", ""}]
    return any(all_hold(rule.when, instance) for rule in rules.units for instance in images)


def _decisions(plan: _Plan, *, final: bool) -> tuple[SeriesDecision, ...]:
    fates = Fates(plan.classified)
    for outcome in plan.outcomes:
        _settle(outcome, plan.claims, fates)
    return fates.decisions(final=final)


def _settle(outcome: _Outcome, links: Claims, fates: Fates) -> None:
    """Say of every series of an acquisition what became of it."""
    stands = outcome.found[0].choice.stiffness if outcome.found else outcome.acquisition.members[0]

    def fate(use: str = "", why_not: str = "") -> Fate:
        return Fate(use, why_not, stands.uid, stands.number)

    for each in outcome.found:
        for option in each.choice.options:
            fates.set(option.stiffness.entry, fate(TO_MEASURE))
            if option.confidence is not None:
                fates.set(option.confidence.entry, fate(FOR_CONFIDENCE))
        for member in each.magnitudes:
            fates.set(member.entry, fate(FOR_ANATOMY))
        for member in each.choice.replaced:
            fates.set(member.entry, fate(why_not="Not measured: its slice was acquired again later."))
    why_not = _why_not(outcome)
    for member in outcome.acquisition.members:
        fates.set(member.entry, fate(why_not=why_not))
    for cluster in outcome.acquisition.clusters:
        for member in links.own.get(cluster, ()):
            fates.set(member.entry, fate())


def _why_not(outcome: _Outcome) -> str:
    if outcome.passed_over:
        return "Not measured: another series was asked for."
    if outcome.error is not None:
        return str(outcome.error)
    measured = [option.stiffness.number for each in outcome.found for option in each.choice.options]
    return why_stiffness_is_unused(measured, masked=outcome.found[0].choice.masked)

"""The plan of a study: the role of each series, which acquisitions can be measured, and why the others cannot.

An acquisition is a stiffness series with the companions from the same raw images. Each one that can be measured is
selected; one that cannot is rejected with its reason, without stopping the others. If nothing tells two series apart,
the user has to name one. A study is planned once, in this order: `classification` (roles), `copies` (what is there
twice), `pairing` (which series can belong together), `grouping` (candidates and companions), `options` and `choosing`
(what of a candidate is measured), `completion` (checks), `decisions` (words for every series).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from liver_mre.errors import (
    AmbiguousSeriesError,
    MixedPatientsError,
    MixedSeriesError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SeriesNotMeasurableError,
)
from liver_mre.series.acquisition import RejectedAcquisition
from liver_mre.series.classification import ClassifiedSeries, classify
from liver_mre.series.copies import mark_copies
from liver_mre.series.decisions import SeriesUses, with_outcomes
from liver_mre.series.grouping import assign_companions, candidates
from liver_mre.series.header_conditions import all_hold
from liver_mre.series.outcome import CandidateOutcome, outcome_of, record_uses
from liver_mre.series.pairing import members
from liver_mre.series.roles import COMPANION_ROLES, MRE_ROLES, STIFFNESS_ROLES
from liver_mre.series.split_exam import split_exam_hint, with_hint_at_split_exam
from liver_mre.series.split_series import join_split_series, whole_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liver_mre.errors import MreError
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.series.grouping import Companions
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Study


@dataclass(frozen=True, slots=True)
class SelectedAcquisition:
    """An acquisition that can be measured, and its index among the study's candidates."""

    candidate: int
    acquisition: Acquisition


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """The series of a study, as their headers describe them.

    Attributes
    ----------
    study : the study
    rules : scanner rules that it was planned with
    classified : every series with its role; one with several roles is split
    companions : companions of each candidate
    outcomes : outcome of each candidate, ordered by series number
    series_uid : stiffness series that the user asked for, or None
    """

    study: Study
    rules: ScannerRules
    classified: tuple[ClassifiedSeries, ...]
    companions: Companions
    outcomes: tuple[CandidateOutcome, ...]
    series_uid: str | None = None

    def select(self) -> tuple[SelectedAcquisition, ...]:
        """Return the acquisitions that can be measured, at least one, ordered by series number.

        The unmasked stiffness is measured if there is a confidence map, otherwise the masked one.

        Raises
        ------
        MixedPatientsError
            The study holds images of more than one patient.
        AmbiguousSeriesError
            Nothing tells two acquisitions or companions apart, and `series_uid` does not say which is meant.
        NoEligibleSeriesError
            The study holds no MR elastography, or not the series asked for.
        NoStiffnessError, SeriesNotMeasurableError
            The study holds MR elastography, but no stiffness, or the series asked for cannot be measured.
        MixedSeriesError, NoConfidenceError, ConflictingFilesError, MissingSlicesError, GeometryError, UnknownUnitError
            No acquisition can be measured; of several errors the gravest is raised, with the messages of all.
        """
        try:
            return self._selected()
        except NoEligibleSeriesError as error:
            hinted = with_hint_at_split_exam(error, self.study)
            if hinted is error:
                raise
            raise hinted from error

    def _selected(self) -> tuple[SelectedAcquisition, ...]:
        _check_one_patient(self.study)
        if self.series_uid is not None:
            _check_named(self.series_uid, self)
        for outcome in self.outcomes:
            if isinstance(outcome.error, AmbiguousSeriesError):
                raise outcome.error
        found = [
            SelectedAcquisition(place, replace(each.acquisition, elsewhere=split_exam_hint(self.study)))
            for place, outcome in enumerate(self.outcomes)
            for each in outcome.planned
        ]
        if not found:
            raise _why_none(self)
        return tuple(sorted(found, key=lambda one: _by_number(one.acquisition)))

    @property
    def rejected(self) -> tuple[RejectedAcquisition, ...]:
        """Acquisitions that cannot be measured; empty if the user named a series."""
        if self.series_uid is not None:
            return ()
        rejected = [
            RejectedAcquisition(outcome.candidate.members[0].series, outcome.error)
            for outcome in self.outcomes
            if outcome.error is not None
        ]
        rejected += [
            RejectedAcquisition(entry.series, _mixed(entry))
            for entry in self.classified
            if entry.mixed & STIFFNESS_ROLES
        ]
        return tuple(sorted(rejected, key=_by_number))

    def listing(self) -> tuple[SeriesDecision, ...]:
        """Return the role of every series and whether it would be measured; none counts as used yet."""
        return self._uses().decisions(selected=False)

    def decisions(
        self, chosen: int | None = None, outcomes: Mapping[tuple[int, str], str] | None = None
    ) -> tuple[SeriesDecision, ...]:
        """Return what every series was used for; for the parameters see `decisions.with_outcomes`."""
        return with_outcomes(self._uses().decisions(selected=True), chosen, outcomes or {})

    def _uses(self) -> SeriesUses:
        uses = SeriesUses(self.classified)
        for place, outcome in enumerate(self.outcomes):
            record_uses(place, outcome, self.companions, uses)
        return uses


def plan_series(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> SeriesPlan:
    """Plan a study from its headers. An unusable study is planned as well: `SeriesPlan.select` raises its error.

    Parameters
    ----------
    study : the study, as read
    rules : scanner rules
    series_uid : measure only the acquisition of this stiffness series, and this series if its confidence is known
    kpa_per_count : scale set by the user instead of the scanner's

    Raises
    ------
    SettingsError
        `kpa_per_count` is not a positive number.
    """
    joined = join_split_series(study)
    if series_uid is not None:
        series_uid = whole_of(series_uid, joined)
    classified = mark_copies(classify(joined, rules), rules, keep=series_uid)
    involved = members(entry for entry in classified if entry.role in MRE_ROLES and entry.copy_of is None)
    found = candidates(member for member in involved if member.role in STIFFNESS_ROLES)
    requested = next((one for one in found if any(member.uid == series_uid for member in one.members)), None)
    companions = assign_companions(
        found, (member for member in involved if member.role in COMPANION_ROLES), requested=requested
    )
    asked = series_uid is not None
    outcomes = tuple(
        CandidateOutcome(candidate, skipped=True)
        if asked and candidate is not requested
        else outcome_of(candidate, companions, rules, series_uid=series_uid, kpa_per_count=kpa_per_count)
        for candidate in found
    )
    return SeriesPlan(study, rules, classified, companions, outcomes, series_uid)


def _by_number(one: Acquisition | RejectedAcquisition) -> tuple[int, str]:
    return one.series.series_number, one.series.series_instance_uid


def _check_one_patient(study: Study) -> None:
    patients = {instance.patient_key for series in study.series for instance in series.instances}
    if any(one.conflicts(other) for one, other in combinations(patients, 2)):
        raise MixedPatientsError


def _check_named(series_uid: str, plan: SeriesPlan) -> None:
    """Refuse a series that is not a stiffness series of the study, or cannot be measured."""
    outcome = next((one for one in plan.outcomes if not one.skipped), None)
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


def _mixed(entry: ClassifiedSeries) -> MixedSeriesError:
    words = ", ".join(sorted(role.replace("_", " ") for role in entry.mixed))
    return MixedSeriesError(
        f"Series {entry.series.series_number} ({entry.series.series_instance_uid}) holds stiffness images together "
        f"with images of another kind ({words}). Nothing was measured; take the others out, or send the series again."
    )


def _why_none(plan: SeriesPlan) -> MreError:
    rejected = plan.rejected
    if len(rejected) == 1:
        return rejected[0].error
    if rejected:
        # Missing confidence explains least: the error of another series may be why no confidence map matches.
        gravest = max(rejected, key=lambda one: (one.error.exit_code, not isinstance(one.error, NoConfidenceError)))
        each = " ".join(f"Series {one.series.series_number}: {one.error}" for one in rejected)
        return type(gravest.error)(f"None of the {len(rejected)} acquisitions can be measured. {each}")
    conflicts = [entry for entry in plan.classified if entry.conflict]
    if conflicts:
        each = " ".join(f"Series {entry.series.series_number}: {entry.conflict}" for entry in conflicts)
        return NoStiffnessError(f"{NoStiffnessError.default_message} {each}")
    if any(_is_elastography(entry, plan.rules) for entry in plan.classified):
        return NoStiffnessError()
    return NoEligibleSeriesError()


def _is_elastography(entry: ClassifiedSeries, rules: ScannerRules) -> bool:
    """Tell by its role, or by an MRE sequence whose stiffness scale is known."""
    if ({entry.role} | entry.mixed) & MRE_ROLES:
        return True
    images = [instance for instance in entry.series.instances if instance.modality.upper() in {"MR", ""}]
    return any(all_hold(rule.when, instance) for rule in rules.units for instance in images)
